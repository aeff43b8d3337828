import type * as Zlib from 'node:zlib';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadDataset } from '../dataset/cut.ts';
import type { DataShardFile } from '../dataset/dataset.ts';
import { mnist } from '../dataset/mnist.ts';
import { dataRoutes } from './data.ts';

const compressions = vi.hoisted(() => ({ gzip: 0, br: 0 }));
vi.mock('node:zlib', async (importOriginal) => {
  const zlib = await importOriginal<typeof Zlib>();
  const counted = (name: 'gzip' | 'br', compress: (...given: unknown[]) => unknown) => {
    return (...given: unknown[]) => {
      compressions[name]++;
      return compress(...given);
    };
  };
  return {
    ...zlib,
    gzip: counted('gzip', zlib.gzip as (...given: unknown[]) => unknown),
    brotliCompress: counted('br', zlib.brotliCompress as (...given: unknown[]) => unknown),
  };
});

const { train } = await loadDataset(mnist);
const shards = train.slice(0, 3);
const [first] = shards as [DataShardFile, ...DataShardFile[]];
const tag = `W/"${first.path.slice(6, 38)}"`;

describe('data routes', () => {
  let app: FastifyInstance;
  beforeEach(async () => {
    compressions.gzip = compressions.br = 0;
    app = Fastify();
    await app.register(dataRoutes, { shards });
  });
  afterEach(() => app.close());
  const get = (accept?: string, headers: Record<string, string> = {}) =>
    app.inject({
      url: first.path,
      headers: { ...headers, ...(accept === undefined ? {} : { 'accept-encoding': accept }) },
    });

  test('[DS4] a data shard is octets under its own tag, immutable for every cache', async () => {
    const answer = await get();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': `${first.bytes.length}`,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      etag: tag,
    });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.rawPayload.equals(first.bytes)).toBe(true);
  });

  test.each([tag, tag.slice(2), `"other", ${tag}`, '*'])(
    '[DS4] who has it is answered 304: %s',
    async (known) => {
      const answer = await get('gzip', { 'if-none-match': known });
      expect([answer.statusCode, answer.rawPayload.length]).toEqual([304, 0]);
      expect(answer.headers).toMatchObject({ etag: tag, vary: 'accept-encoding' });
      expect(answer.headers['cache-control']).toContain('immutable');
      expect(compressions).toEqual({ gzip: 0, br: 0 });
    },
  );

  test('[DS4] who has another one is sent this one', async () => {
    expect((await get('gzip', { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });

  test('[DS4] HEAD answers the headers of GET without its body', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const [head, whole] = await Promise.all([
      app.inject({ method: 'HEAD', url: first.path, headers }),
      app.inject({ url: first.path, headers }),
    ]);
    expect([head.statusCode, head.rawPayload.length]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(whole.headers['content-length']);
    expect(head.headers).toMatchObject({ 'content-encoding': 'gzip', etag: tag });
  });

  test.each([
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5, gzip;q=1.0', 'gzip'],
    ['GZIP; q=0.2', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=0', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0', undefined],
    ['gzip;q=nonsense', undefined],
    ['deflate', undefined],
    ['', undefined],
  ])('[DS5] Accept-Encoding %j is answered in %s', async (accept, coding) => {
    const answer = await get(accept);
    expect(answer.headers['content-encoding']).toBe(coding);
    const decode = { gzip: gunzipSync, br: brotliDecompressSync, none: (bytes: Buffer) => bytes };
    expect(decode[(coding ?? 'none') as keyof typeof decode](answer.rawPayload).equals(first.bytes)).toBe(
      true,
    );
    expect(answer.headers['content-length']).toBe(`${answer.rawPayload.length}`);
  });

  test('[DS5] each coding earns its place: brotli is smaller than gzip, gzip than a quarter of the bytes', async () => {
    const [br, gzip] = await Promise.all([get('br'), get('gzip')]);
    expect(br.rawPayload.length).toBeLessThan(gzip.rawPayload.length);
    expect(gzip.rawPayload.length).toBeLessThan(first.bytes.length / 4);
  });

  test('[DS5] a data shard is compressed once per coding, however many ask at once or later', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => get(index % 2 ? 'gzip' : 'br')));
    await get('gzip');
    expect(compressions).toEqual({ gzip: 1, br: 1 });
  });

  test('[DS6] an unknown name is answered 404 with what to do, and not cached', async () => {
    const answer = await app.inject({ url: `/data/${'0'.repeat(32)}.bin` });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.json<{ message: string }>().message).toContain(
      `No data shard is named ${'0'.repeat(32)}.bin`,
    );
  });
});
