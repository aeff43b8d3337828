import type { FastifyPluginCallback } from 'fastify';
import { API, sessionRequest, type AdminSnapshot, type KeptVersion } from '../../shared/protocol/admin.ts';
import { eventsQuery, type EventPage, type EventsQuery } from '../../shared/protocol/events.ts';
import {
  DEVICE_ACTION_NAMES,
  deviceActionOf,
  type DeviceAction,
} from '../../shared/protocol/deviceActions.ts';
import { deviceId, type RunStatus } from '../../shared/protocol/messages.ts';
import type { PlacementReport } from '../../shared/protocol/placement.ts';
import {
  possibleActions,
  RUN_ACTION_NAMES,
  RUN_ACTIONS,
  runAction,
  type RunAction,
  type RunActionBody,
} from '../../shared/protocol/runActions.ts';
import { describeIssue } from '../../shared/profile/profile.ts';
import { isOwnOrigin, type Refused } from '../gateway/sockets.ts';
import { describeForeignOrigin } from '../../shared/protocol/origins.ts';
import { SESSION_COOKIE, type AdminSessions } from './adminSessions.ts';
import { refuse, HttpRefusal } from './refusals.ts';

/** What the server does for each action of the console; done when the promise is, or else it throws a {@link HttpRefusal}. */
export type RunActionHandlers = {
  readonly [Action in RunAction]: RunActionBody<Action> extends null
    ? () => Promise<void>
    : (body: RunActionBody<Action>) => Promise<void>;
};

export interface AdminRoutesOptions {
  sessions: AdminSessions;
  /** A page of another origin was turned away. */
  refused: Refused;
  /** Public id of the run; `current` names it too. */
  run: string;
  secure: boolean;
  snapshot: () => AdminSnapshot;
  state: () => RunStatus['state'];
  /** What is done for each action; done when the promise is. */
  actions: RunActionHandlers;
  /** Does what is asked of a device; done when that is kept. @throws {HttpRefusal} where it cannot be done. */
  actOnDevice: (device: string, action: DeviceAction) => Promise<void>;
  /** The versions that the run can be rolled back to, newest first. */
  keptVersions: () => Promise<KeptVersion[]>;
  /** The plan in force. */
  placement: () => PlacementReport;
  /** Takes a placement from outside. @throws {ConstraintError} where it cannot hold. */
  place: (body: unknown) => void;
  /** Keeps that an operator had something done; settles when that is durable, or was given up. */
  acted: (action: string, given: unknown) => Promise<void>;
  /** What was recorded of the run. */
  events: (query: EventsQuery) => Promise<EventPage>;
}

/** The admin's routes: a session for the token [AD1], and under it the run's state and its controls [AD2] [AD4]. */
export const adminRoutes: FastifyPluginCallback<AdminRoutesOptions> = (app, options, done) => {
  const {
    sessions,
    refused,
    run,
    secure,
    snapshot,
    state,
    actions,
    actOnDevice,
    keptVersions,
    placement,
    place,
    acted,
    events,
  } = options;

  app.addHook('onRequest', async (request, reply) => {
    const { origin, host } = request.headers;
    if (request.method !== 'GET' && !isOwnOrigin(origin, host, [])) {
      refused(origin, host);
      return refuse(reply, 'ORIGIN', describeForeignOrigin(origin, host));
    }
    if (request.url !== API.session && !sessions.holds(request.cookies[SESSION_COOKIE])) {
      return refuse(reply, 'UNAUTHORIZED', 'Open the admin URL that the server printed.');
    }
    return undefined;
  });

  app.post(API.session, async (request, reply) => {
    const body = sessionRequest.safeParse(request.body);
    const cookie = body.success ? await sessions.open(body.data.token) : null;
    if (cookie === null) {
      return refuse(reply, 'UNAUTHORIZED', 'This is not the admin token of this server.');
    }
    const path = body.data?.path ?? '/';
    void reply.setCookie(SESSION_COOKIE, cookie, { path, httpOnly: true, sameSite: 'strict', secure });
    return { run };
  });

  app.delete(API.session, async (request) => {
    await sessions.close(request.cookies[SESSION_COOKIE] ?? '');
    return { run };
  });

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run', (request, reply) => {
    checkRun(request.params.run);
    return reply.send(snapshot());
  });

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run/checkpoints', async (request) => {
    checkRun(request.params.run);
    return { versions: await keptVersions() };
  });

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run/placement', (request, reply) => {
    checkRun(request.params.run);
    return reply.send(placement());
  });

  app.post<{ Params: { run: string } }>('/api/v1/runs/:run/placement', async (request) => {
    checkRun(request.params.run);
    place(request.body);
    await acted('placement', { constraints: placement().constraints.length });
    return placement();
  });

  app.get<{ Params: { run: string } }>('/api/v1/runs/:run/events', async (request) => {
    checkRun(request.params.run);
    const query = eventsQuery.safeParse(request.query);
    if (!query.success) {
      throw new HttpRefusal('MALFORMED', `The address: ${describeIssue(query.error.issues[0])}.`);
    }
    return events(query.data);
  });

  app.post<{ Params: { run: string; device: string; action: string } }>(
    '/api/v1/runs/:run/devices/:device/:action',
    async ({ params }) => {
      checkRun(params.run);
      const action = deviceActionOf(params.action);
      if (action === undefined)
        throw new HttpRefusal('NO_SUCH_ACTION', `A device takes ${DEVICE_ACTION_NAMES.join(', ')}.`);
      const { data: device } = deviceId.safeParse(params.device);
      if (device === undefined) throw new HttpRefusal('UNKNOWN_DEVICE', 'No device has such an id.');
      await actOnDevice(device, action);
      await acted(action, { device });
      return snapshot();
    },
  );

  app.post<{ Params: { run: string; action: string } }>('/api/v1/runs/:run/:action', async (request) => {
    checkRun(request.params.run);
    const { data: action } = runAction.safeParse(request.params.action);
    if (action === undefined) {
      throw new HttpRefusal('NO_SUCH_ACTION', `A run takes ${RUN_ACTION_NAMES.join(', ')}.`);
    }
    checkPossible(action);
    await perform(actions, action, request.body);
    await acted(action, givenWith(request.body));
    return snapshot();
  });

  /** @throws {HttpRefusal} of another run than the one here. */
  const checkRun = (name: string) => {
    if (name !== run && name !== 'current') {
      throw new HttpRefusal('NO_SUCH_RUN', `The run here is ${run}, not ${name}.`);
    }
  };
  /** @throws {HttpRefusal} of an action that the run does not take as it is now. */
  const checkPossible = (action: RunAction) => {
    const present = state();
    const possible = possibleActions(present);
    if (possible.includes(action)) return;
    throw new HttpRefusal(
      'WRONG_STATE',
      `A run that is ${present} does not take ${action}; it takes ${possible.join(', ')}.`,
    );
  };
  done();
};

/** Does an action with what it is asked with. @throws {HttpRefusal} naming the field that is wrong. */
async function perform(actions: RunActionHandlers, action: RunAction, asked: unknown): Promise<void> {
  const { body } = RUN_ACTIONS[action];
  // What it is given has passed the schema of its own action, which is what its type says.
  const handle = actions[action] as (body: unknown) => Promise<void>;
  if (body === null) return handle(null);
  const read = body.safeParse(asked);
  if (read.success) return handle(read.data);
  const path = read.error.issues[0]?.path.join('.');
  throw new HttpRefusal(
    'MALFORMED',
    `${action}: ${path ? `${path} of the body` : 'the body'} is not what it takes.`,
  );
}

/** What an operator gave with an action; null: nothing. */
function givenWith(body: unknown): unknown {
  return typeof body === 'object' && body !== null && Object.keys(body).length > 0 ? body : null;
}
