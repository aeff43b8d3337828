import type { FastifyPluginCallback, FastifyReply } from 'fastify';
import {
  API,
  RUN_ACTIONS,
  sessionRequest,
  type AdminSnapshot,
  type RunAction,
} from '../../shared/protocol/admin.ts';
import {
  PLACEMENT_ERRORS,
  type PlacementError,
  type PlacementReport,
} from '../../shared/protocol/placement.ts';
import { ConstraintError } from '../core/placement/constraints.ts';
import { isOwnOrigin, type Refused } from '../gateway/sockets.ts';
import { describeForeignOrigin } from '../../shared/protocol/origins.ts';
import { SESSION_COOKIE, type AdminSessions } from './adminSessions.ts';

export interface AdminRoutesOptions {
  sessions: AdminSessions;
  /** A page of another origin was turned away. */
  refused: Refused;
  /** Public id of the run; `current` names it too. */
  run: string;
  secure: boolean;
  snapshot: () => AdminSnapshot;
  act: (action: RunAction) => Promise<void>;
  /** The plan in force. */
  placement: () => PlacementReport;
  /** Takes a placement from outside. @throws {ConstraintError} where it cannot hold. */
  place: (body: unknown) => void;
}

/** What a placement that is not taken is answered with; the plan in force is what it was. */
function refusePlacement(reply: FastifyReply, error: PlacementError, message: string): FastifyReply {
  return reply.code(PLACEMENT_ERRORS[error]).send({ error, message });
}

/** The admin's routes: a session for the token [AD1], and under it the run's state and its controls [AD2] [AD4]. */
export const adminRoutes: FastifyPluginCallback<AdminRoutesOptions> = (app, options, done) => {
  const { sessions, refused, run, secure, snapshot, act, placement, place } = options;

  app.addHook('onRequest', async (request, reply) => {
    const { origin, host } = request.headers;
    if (request.method !== 'GET' && !isOwnOrigin(origin, host, [])) {
      refused(origin, host);
      return reply.code(403).send({ error: 'ORIGIN', message: describeForeignOrigin(origin, host) });
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
    const path = body.data?.path ?? '/';
    void reply.setCookie(SESSION_COOKIE, cookie, { path, httpOnly: true, sameSite: 'strict', secure });
    return { run };
  });

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run', async (request, reply) =>
    isRun(request.params.run) ? snapshot() : reply.code(404).send(noSuchRun(request.params.run)),
  );

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run/placement', async (request, reply) =>
    isRun(request.params.run) ? placement() : reply.code(404).send(noSuchRun(request.params.run)),
  );

  app.post<{ Params: { run: string } }>(
    '/api/v1/runs/:run/placement',
    {
      errorHandler: (error, _request, reply) => {
        // A mistake of the server's own is told as such by whoever handles all others.
        if ((error.statusCode ?? 500) >= 500) throw error;
        void refusePlacement(reply, 'MALFORMED', error.message);
      },
    },
    async (request, reply) => {
      const { run: name } = request.params;
      if (!isRun(name)) return reply.code(404).send(noSuchRun(name));
      try {
        place(request.body);
      } catch (error) {
        if (error instanceof ConstraintError) return refusePlacement(reply, error.code, error.message);
        throw error;
      }
      return placement();
    },
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
