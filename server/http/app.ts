import { join } from 'node:path';
import cookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance } from 'fastify';
import { API, type ReachReport } from '../../shared/protocol/admin.ts';
import { isOwnOrigin } from '../gateway/sockets.ts';
import type { DataShardFile } from '../dataset/dataset.ts';
import { adminRoutes, type AdminRoutesOptions } from './admin.ts';
import { dataRoutes } from './data.ts';
import type { Endpoint } from './endpoint.ts';
import { refuseByTable, refuseThrown } from './refusals.ts';

export interface AppOptions {
  /** Folder of the built pages. */
  pages: string;
  dataShards: readonly DataShardFile[];
  admin: AdminRoutesOptions;
  /** Where it is served; null: nowhere, for tests that inject requests. */
  endpoint: Endpoint | null;
  failed: (error: unknown) => void;
}

/** Scripts only from here; connections also to shards elsewhere; WebAssembly is compiled, nothing else evaluated. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const ASSET_LIFETIME = '365d';

/** Everything the server has over HTTP: the pages, the data shards, the admin's API. It is served once it is whole. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { pages, dataShards, admin, endpoint, failed } = options;
  const app = Fastify({
    ...(endpoint === null ? {} : { serverFactory: () => endpoint.server }),
    // An address that Fastify's router cannot read reaches no handler.
    frameworkErrors: (error, _request, reply) => refuseThrown(reply.headers(HEADERS), error, failed),
  });
  app.addHook('onSend', async (_request, reply) => {
    void reply.headers(HEADERS);
  });
  refuseByTable(app, failed);
  await app.register(cookie);
  await app.register(fastifyStatic, {
    root: join(pages, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: ASSET_LIFETIME,
    preCompressed: true,
    index: false,
  });
  app.get('/', async (_request, reply) => reply.sendFile('volunteer/index.html', pages, PAGE));
  // Relative, as what the page names is: a proxy may have the server below a path.
  app.get('/admin', async (_request, reply) => reply.redirect('admin/'));
  app.get('/admin/', async (_request, reply) => reply.sendFile('admin/index.html', pages, PAGE));
  await app.register(dataRoutes, { shards: dataShards });
  await app.register(adminRoutes, admin);
  app.post(API.reach, async ({ headers: { origin, host } }, reply) =>
    reply.send({ accepted: isOwnOrigin(origin, host, []), host: host ?? '' } satisfies ReachReport),
  );
  // Before that, Fastify finds no route for a request, or one whose hooks are not there yet, which ends the process.
  await app.ready();
  endpoint?.handle((request, response) => app.routing(request, response));
  return app;
}

/** A page is asked for again each time: it names the assets of the present build. */
const PAGE = { immutable: false, maxAge: 0 };
