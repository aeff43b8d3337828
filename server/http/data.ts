import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyPluginCallback } from 'fastify';
import type { DataShardFile } from '../dataset/dataset.ts';
import { refuse } from './refusals.ts';

/*
 * One data shard of MNIST, 785,020 bytes, on one core: gzip level 6 gives 164,370 bytes in 8 ms, 7 162,185 in
 * 11 ms, 9 161,366 in 166 ms; brotli quality 4 163,767 in 6 ms, 6 154,330 in 13 ms, 9 157,063 in 45 ms,
 * 11 138,331 in 1.4 s, which is too dear for all of a training set.
 */
const GZIP_LEVEL = 7;
const BROTLI_QUALITY = 6;

const gzipBytes = promisify(gzip);
const brotliBytes = promisify(brotliCompress);

/**
 * The content codings on offer, smallest body first. All run in libuv's thread pool: the event loop never
 * compresses.
 */
const CODINGS = {
  br: (bytes: Uint8Array): Promise<Uint8Array> =>
    brotliBytes(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gzip: (bytes: Uint8Array): Promise<Uint8Array> => gzipBytes(bytes, { level: GZIP_LEVEL }),
  identity: (bytes: Uint8Array): Promise<Uint8Array> => Promise.resolve(bytes),
};
type Coding = keyof typeof CODINGS;

export interface DataRoutesOptions {
  shards: readonly DataShardFile[];
}

/**
 * Fastify plugin: `GET` and `HEAD /data/<hash>.bin`, immutable for every cache [DS4] and compressed once per
 * coding, on first need [DS5]; 404 with a reason where the name is unknown [DS6].
 */
export const dataRoutes: FastifyPluginCallback<DataRoutesOptions> = (app, { shards }, done) => {
  const bodies = new Map(shards.map((shard) => [shard.path, createBody(shard.bytes)]));

  app.get<{ Params: { name: string } }>('/data/:name', async (request, reply) => {
    const { name } = request.params;
    const body = bodies.get(`/data/${name}`);
    if (!body) {
      const message = `No data shard is named ${name}: the server has another data set now. Take a new lease.`;
      return refuse(reply, 'NOT_FOUND', message);
    }
    // Weak, because one tag stands for the same content in any coding (RFC 9110, 8.8.3).
    const tag = `"${name.replace('.bin', '')}"`;
    void reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
      .header('etag', `W/${tag}`);
    if (hasTag(request.headers['if-none-match'], tag)) return reply.code(304).send();

    const coding = chooseCoding(request.headers['accept-encoding']);
    // What this fails with is answered without a content coding.
    const encoded = await body(coding);
    if (coding !== 'identity') void reply.header('content-encoding', coding);
    return reply.type('application/octet-stream').send(encoded);
  });
  done();
};

/** The body of one data shard in each coding. Who asks while it is being compressed waits for that same one. */
function createBody(bytes: Uint8Array): (coding: Coding) => Promise<Uint8Array> {
  const encoded = new Map<Coding, Promise<Uint8Array>>();
  return (coding) => {
    const known = encoded.get(coding);
    if (known) return known;
    const made = CODINGS[coding](bytes);
    encoded.set(coding, made);
    // A failure (no memory) is the answer of those who wait for it, and is tried again for the next.
    made.catch(() => encoded.delete(coding));
    return made;
  };
}

/**
 * The coding that an Accept-Encoding header weighs highest, the smallest body among equals; identity where it
 * allows none, since a body that a client can at worst not read is better than none (RFC 9110, 12.5.3).
 */
function chooseCoding(header = ''): Coding {
  const weights = new Map<string, number>();
  for (const each of header.split(',')) {
    const [coding = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(coding, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  const unlisted = weights.get('*') ?? 0;
  let best: Coding = 'identity';
  let highest = weights.get('identity') ?? unlisted;
  for (const coding of ['gzip', 'br'] as const) {
    const weight = weights.get(coding) ?? unlisted;
    if (weight > 0 && weight >= highest) {
      best = coding;
      highest = weight;
    }
  }
  return best;
}

/** Whether an If-None-Match header names this tag, by weak comparison. */
function hasTag(header: string | undefined, tag: string): boolean {
  return (header ?? '').split(',').some((each) => {
    const candidate = each.trim();
    return candidate === '*' || candidate.replace(/^W\//, '') === tag;
  });
}
