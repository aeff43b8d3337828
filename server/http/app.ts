import { join } from 'node:path';
import cookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyServerFactory } from 'fastify';
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

/** Everything the server has over HTTP: the pages, the data shards, the admin's API. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { pages, dataShards, admin, endpoint, failed } = options;
  const app = Fastify({
    ...(endpoint === null ? {} : { serverFactory: attachedTo(endpoint) }),
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
  return app;
}

/** Has Fastify answer what an endpoint hears, which listens already and is closed by its opener. */
function attachedTo(endpoint: Endpoint): FastifyServerFactory {
  return (handler) => {
    endpoint.handle(handler);
    return endpoint.server;
  };
}

/** A page is asked for again each time: it names the assets of the present build. */
const PAGE = { immutable: false, maxAge: 0 };
