import type { FastifyPluginCallback } from 'fastify';
import {
  API,
  RUN_ACTIONS,
  sessionRequest,
  type AdminSnapshot,
  type RunAction,
} from '../../shared/protocol/admin.ts';
import { isOwnOrigin } from '../gateway/sockets.ts';
import { SESSION_COOKIE, type AdminSessions } from './adminSessions.ts';

export interface AdminRoutesOptions {
  sessions: AdminSessions;
  /** Public id of the run; `current` names it too. */
  run: string;
  secure: boolean;
  snapshot: () => AdminSnapshot;
  act: (action: RunAction) => Promise<void>;
}

/** The admin's routes: a session for the token [AD1], and under it the run's state and its controls [AD2]. */
export const adminRoutes: FastifyPluginCallback<AdminRoutesOptions> = (app, options, done) => {
  const { sessions, run, secure, snapshot, act } = options;

  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' && !isOwnOrigin(request.headers.origin, request.headers.host, [])) {
      return reply
        .code(403)
        .send({ error: 'ORIGIN', message: 'This request comes from a page of another site.' });
    }
    if (request.url !== API.session && !sessions.holds(request.cookies[SESSION_COOKIE])) {
      return reply
        .code(401)
        .send({ error: 'UNAUTHORIZED', message: 'Open the admin URL that the server printed.' });
    }
    return undefined;
  });

  app.post(API.session, async (request, reply) => {
    const body = sessionRequest.safeParse(request.body);
    const cookie = body.success ? sessions.open(body.data.token) : null;
    if (cookie === null) {
      return reply
        .code(401)
        .send({ error: 'UNAUTHORIZED', message: 'This is not the token that the server printed.' });
    }
    void reply.setCookie(SESSION_COOKIE, cookie, { path: '/', httpOnly: true, sameSite: 'strict', secure });
    return { run };
  });

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run', async (request, reply) =>
    isRun(request.params.run) ? snapshot() : reply.code(404).send(noSuchRun(request.params.run)),
  );

  app.post<{ Params: { run: string; action: string } }>(
    '/api/v1/runs/:run/:action',
    async (request, reply) => {
      const { run: name, action } = request.params;
      if (!isRun(name)) return reply.code(404).send(noSuchRun(name));
      const known = RUN_ACTIONS.find((each) => each === action);
      if (known === undefined) {
        return reply
          .code(404)
          .send({ error: 'NO_SUCH_ACTION', message: `A run takes ${RUN_ACTIONS.join(', ')}.` });
      }
      await act(known);
      return snapshot();
    },
  );

  const isRun = (name: string) => name === run || name === 'current';
  const noSuchRun = (name: string) => ({
    error: 'NO_SUCH_RUN',
    message: `The run here is ${run}, not ${name}.`,
  });
  done();
};
