import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { API, keptVersionList, type AdminSnapshot } from '../../shared/protocol/admin.ts';
import { DEVICE_ACTION_NAMES } from '../../shared/protocol/deviceActions.ts';
import type { PlacementReport } from '../../shared/protocol/placement.ts';
import { RUN_ACTION_NAMES, RUN_ACTIONS, type RunAction } from '../../shared/protocol/runActions.ts';
import { ConstraintError } from '../core/placement/constraints.ts';
import { adminRoutes, type AdminRoutesOptions } from './admin.ts';
import { SESSION_COOKIE } from './adminSessions.ts';
import { sessionsIn } from './testing/sessions.ts';
import { refuseByTable } from './refusals.ts';

const RUN = '00000badcafe';
const SNAPSHOT = { run: RUN } as AdminSnapshot;
const PLACEMENT = { constraints: [] } as unknown as PlacementReport;
const HOST = 'tabs.example';
const DEVICE = '0123456789ab';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Handlers that do this for each action. */
const actionsThat = (handle: (action: RunAction) => Promise<void>) =>
  Object.fromEntries(
    RUN_ACTION_NAMES.map((action) => [action, () => handle(action)]),
  ) as unknown as AdminRoutesOptions['actions'];

/** What actions that need something are asked with. */
const BODIES: Partial<Record<RunAction, object>> = {
  configure: { changes: { lr: 0.1 } },
  rollback: { version: 3 },
};

const KEPT = { version: 3, updates: 3, samples: 96, testAccuracy: 0.9, good: true, savedAt: null };

const STATES = ['running', 'paused', 'stopped'] as const;
const ALL = STATES.flatMap((state) => RUN_ACTION_NAMES.map((action) => ({ state, action })));
const isPossible = ({ state, action }: (typeof ALL)[number]) => RUN_ACTIONS[action].possible.includes(state);
const POSSIBLE = ALL.filter(isPossible);
const NOT_POSSIBLE = ALL.filter((each) => !isPossible(each));

/** The admin's routes alone, what they had the server do, and an admin who is signed in. */
async function routes(changes: Partial<AdminRoutesOptions> = {}) {
  const done: unknown[] = [];
  const { sessions, token } = await sessionsIn();
  const acts: unknown[] = [];
  const app = Fastify();
  refuseByTable(app, () => undefined);
  await app.register(cookie);
  await app.register(adminRoutes, {
    sessions,
    refused: (origin, host) => done.push(['refused', origin, host]),
    run: RUN,
    secure: false,
    snapshot: () => SNAPSHOT,
    state: () => 'running',
    actions: actionsThat((action) => {
      done.push(action);
      return Promise.resolve();
    }),
    actOnDevice: (device, action) => Promise.resolve(void done.push([device, action])),
    keptVersions: () => Promise.resolve([KEPT]),
    placement: () => PLACEMENT,
    place: (body) => void done.push(['place', body]),
    acted: (action, given) => Promise.resolve(void acts.push([action, given])),
    events: () => Promise.resolve({ events: [], next: 0 }),
    ...changes,
  });
  closing.push(() => app.close());
  const ask = async (
    method: 'GET' | 'POST',
    url: string,
    headers: Record<string, string> = {},
    payload: object = {},
  ) => {
    const answer = await app.inject({
      method,
      url,
      headers: { host: HOST, ...headers },
      ...(method === 'POST' ? { payload } : {}),
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>(), answer };
  };
  const admin = { cookie: `${SESSION_COOKIE}=${(await sessions.open(token)) ?? ''}` };
  return { app, ask, admin, sessions, token, done, acts };
}

describe('without a session', () => {
  const paths: ['GET' | 'POST', string][] = [
    ['GET', API.run('current')],
    ['GET', API.run('nobody')],
    ['GET', API.placement(RUN)],
    ['POST', API.placement(RUN)],
    ['GET', API.events(RUN)],
    ...RUN_ACTION_NAMES.map((action) => ['POST', API.action(RUN, action)] as ['POST', string]),
    ...DEVICE_ACTION_NAMES.map(
      (action) => ['POST', API.deviceAction(RUN, DEVICE, action)] as ['POST', string],
    ),
  ];

  it.each(paths)('[AD1] %s %s is answered 401 and does nothing', async (method, path) => {
    const { ask, done } = await routes();
    const guessed = `${SESSION_COOKIE}=guessed`;
    const shown: Record<string, string>[] = [{}, { cookie: guessed }, { cookie: 'other=1' }];
    for (const headers of shown) {
      const { status, body } = await ask(method, path, headers);
      expect([status, body['error']]).toEqual([401, 'UNAUTHORIZED']);
    }
    expect(done).toEqual([]);
  });

  it.each([{ token: 'guess' }, { token: '' }, { token: 7 }, {}, { token: 'x'.repeat(129) }])(
    '[AD1] the token is not traded for by %j',
    async (payload) => {
      const { ask } = await routes();
      const { status, answer } = await ask('POST', API.session, {}, payload);
      expect([status, answer.cookies]).toEqual([401, []]);
    },
  );
});

describe('a device', () => {
  it.each(DEVICE_ACTION_NAMES)(
    '[AD29] has %s done to it, which is an event of the operator',
    async (action) => {
      const { ask, admin, done, acts } = await routes();
      const { status, body } = await ask('POST', API.deviceAction('current', DEVICE, action), admin);
      expect([status, body]).toEqual([200, SNAPSHOT]);
      expect(done).toEqual([[DEVICE, action]]);
      expect(acts).toEqual([[action, { device: DEVICE }]]);
    },
  );

  it.each([
    [`/api/v1/runs/current/devices/${DEVICE}/praise`, 'NO_SUCH_ACTION', 'A device takes bar, pardon.'],
    ['/api/v1/runs/current/devices/nobody/bar', 'UNKNOWN_DEVICE', 'No device has such an id.'],
    [`/api/v1/runs/0badc0de/devices/${DEVICE}/bar`, 'NO_SUCH_RUN', `The run here is ${RUN}, not 0badc0de.`],
  ])('[AD8] %s is answered 404, %s', async (path, error, message) => {
    const { ask, admin, done } = await routes();
    expect(await ask('POST', path, admin)).toMatchObject({ status: 404, body: { error, message } });
    expect(done).toEqual([]);
  });
});

describe('a session', () => {
  it.each([false, true])(
    '[AD1] [AD20] is a cookie for the token that scripts and other sites cannot use; secure: %s',
    async (secure) => {
      const { ask, token } = await routes({ secure });
      const { status, body, answer } = await ask('POST', API.session, {}, { token });
      expect([status, body]).toEqual([200, { run: RUN }]);
      const [given] = answer.cookies;
      expect(given).toMatchObject({ name: SESSION_COOKIE, path: '/', httpOnly: true, sameSite: 'Strict' });
      expect(given?.secure ?? false).toBe(secure);
      expect(given?.value).not.toContain(token);
      const seen = await ask('GET', API.run('current'), {
        cookie: `${SESSION_COOKIE}=${given?.value ?? ''}`,
      });
      expect([seen.status, seen.body]).toEqual([200, SNAPSHOT]);
    },
  );

  it('[AD22] is over once it is ended', async () => {
    const { app, admin, sessions } = await routes();
    await app.inject({ method: 'DELETE', url: API.session, headers: { host: HOST, ...admin } });
    expect(sessions.holds(admin.cookie.split('=')[1])).toBe(false);
  });

  it('[AD22] is not over because another is ended', async () => {
    const { app, admin, sessions, token, ask } = await routes();
    const other = `${SESSION_COOKIE}=${(await sessions.open(token)) ?? ''}`;
    await app.inject({ method: 'DELETE', url: API.session, headers: { host: HOST, cookie: other } });
    expect((await ask('GET', API.run(RUN), admin)).status).toBe(200);
  });
});

describe('steering the run', () => {
  it.each(POSSIBLE)(
    '[AD2] by POST of $action while it is $state does that, once, and shows the run',
    async ({ action, state }) => {
      for (const run of [RUN, 'current']) {
        const { ask, admin, done } = await routes({ state: () => state });
        const own = { ...admin, origin: `https://${HOST}` };
        const { status, body } = await ask('POST', API.action(run, action), own, BODIES[action]);
        expect([status, body, done]).toEqual([200, SNAPSHOT, [action]]);
      }
    },
  );

  it.each([{}, { changes: 3 }, { changes: { lr: true } }, { changes: {}, more: 1 }])(
    '[CF7] configure with the body %j is answered 400 and does nothing',
    async (payload) => {
      const { ask, admin, done } = await routes();
      const { status, body } = await ask('POST', API.action(RUN, 'configure'), admin, payload);
      expect([status, body['error'], done]).toEqual([400, 'MALFORMED', []]);
      expect(body['message']).toMatch(/^configure: .*body is not what it takes\.$/);
    },
  );

  it.each(['http://evil.example', 'null', `https://${HOST}.evil.example`])(
    '[AD2] from a page of %s is answered 403 and does nothing, whatever its cookie',
    async (origin) => {
      const { ask, admin, done, token } = await routes();
      const paths = [
        API.session,
        API.placement(RUN),
        ...RUN_ACTION_NAMES.map((action) => API.action(RUN, action)),
      ];
      for (const path of paths) {
        const { status, body } = await ask('POST', path, { ...admin, origin }, { token });
        expect([status, body['error']]).toEqual([403, 'ORIGIN']);
      }
      expect(done).toEqual(paths.map(() => ['refused', origin, HOST]));
    },
  );

  it.each([
    ['an unknown run', `/api/v1/runs/0badc0de/stop`, 'NO_SUCH_RUN'],
    ['an unknown action', API.run(RUN) + '/explode', 'NO_SUCH_ACTION'],
    ['a name of every object', API.run(RUN) + '/constructor', 'NO_SUCH_ACTION'],
  ])('[AD8] %s is answered 404 and does nothing', async (_name, path, error) => {
    const { ask, admin, done } = await routes();
    const { status, body } = await ask('POST', path, admin);
    expect([status, body['error'], done]).toEqual([404, error, []]);
  });

  it.each(NOT_POSSIBLE)(
    '[AD13] by POST of $action while it is $state is answered 409 and does nothing',
    async ({ action, state }) => {
      const { ask, admin, done } = await routes({ state: () => state });
      const { status, body } = await ask('POST', API.action(RUN, action), admin);
      expect([status, body['error'], done]).toEqual([409, 'WRONG_STATE', []]);
    },
  );

  it('[AD13] that is not possible is answered with what is', async () => {
    const { ask, admin } = await routes({ state: () => 'running' });
    const { body } = await ask('POST', API.action(RUN, 'start'), admin);
    expect(body['message']).toMatch(/^A run that is running does not take start; it takes pause, stop\b/);
  });

  it('[RS7] the versions that the run can be rolled back to are listed', async () => {
    const { ask, admin } = await routes();
    const { status, body } = await ask('GET', API.checkpoints('current'), admin);
    expect(status).toBe(200);
    expect(keptVersionList.parse(body)).toEqual({ versions: [KEPT] });
    expect(await ask('GET', API.checkpoints('current'))).toMatchObject({ status: 401 });
    expect(await ask('GET', API.checkpoints('000000000000'), admin)).toMatchObject({ status: 404 });
  });

  it('[RS4] [AD7] a rollback without a version is answered MALFORMED', async () => {
    const { ask, admin, done } = await routes();
    const headers = { ...admin, origin: `http://${HOST}` };
    for (const version of [undefined, -1, 0.5, 'one']) {
      const answer = await ask('POST', API.action('current', 'rollback'), headers, { version });
      expect(answer).toMatchObject({ status: 400, body: { error: 'MALFORMED' } });
    }
    expect(done).toEqual([]);
  });

  it('[AD8] an unknown run is not shown either', async () => {
    const { ask, admin } = await routes();
    for (const path of [API.run('00000badc0de'), API.placement('00000badc0de')]) {
      const { status, body } = await ask('GET', path, admin);
      expect([status, body]).toEqual([
        404,
        { error: 'NO_SUCH_RUN', message: `The run here is ${RUN}, not 00000badc0de.` },
      ]);
    }
  });

  it('[AD2] is not done by GET', async () => {
    const { ask, admin, done } = await routes();
    expect((await ask('GET', API.action(RUN, 'stop'), admin)).status).toBe(404);
    expect(done).toEqual([]);
  });
});

describe('a placement', () => {
  it('[AD4] [AD9] is given, and taken in place of the one before', async () => {
    const { ask, admin, done } = await routes();
    expect(await ask('GET', API.placement(RUN), admin)).toMatchObject({ status: 200, body: PLACEMENT });
    const taken = await ask('POST', API.placement(RUN), admin, { devices: [] });
    expect(taken).toMatchObject({ status: 200, body: PLACEMENT });
    expect(done).toEqual([['place', { devices: [] }]]);
  });

  it('[PL10] that cannot hold is answered by its code and a sentence', async () => {
    const place = () => {
      throw new ConstraintError('MALFORMED', 'there is no field more');
    };
    const { ask, admin } = await routes({ place });
    const { status, body } = await ask('POST', API.placement(RUN), admin);
    expect([status, body]).toEqual([400, { error: 'MALFORMED', message: 'there is no field more' }]);
  });

  it('[PL10] that is no JSON is answered MALFORMED', async () => {
    const { ask, admin, done } = await routes();
    const json = { ...admin, 'content-type': 'application/json' };
    const { status, body } = await ask('POST', API.placement(RUN), json, Buffer.from('{'));
    expect([status, body['error'], done]).toEqual([400, 'MALFORMED', []]);
  });

  it('that the server makes a mistake over is no mistake of who sent it', async () => {
    const place = () => {
      throw new Error('a fault of ours');
    };
    const { ask, admin } = await routes({ place });
    expect((await ask('POST', API.placement(RUN), admin)).status).toBe(500);
  });
});

describe('events', () => {
  it('[LG4] an action and placement constraints are acts of the operator; what is not done is none', async () => {
    const { ask, admin, acts } = await routes();
    await ask('POST', API.action(RUN, 'pause'), admin);
    await ask('POST', API.placement(RUN), admin);
    await ask('POST', API.action(RUN, 'start'), admin);
    await ask('POST', API.action(RUN, 'configure'), admin, { changes: { lr: 0.5 } });
    expect(acts).toEqual([
      ['pause', null],
      ['placement', { constraints: 0 }],
      ['configure', { changes: { lr: 0.5 } }],
    ]);
  });

  it('[LG5] are listed by query, and a wrong one is refused by name', async () => {
    const asked: unknown[] = [];
    const events: AdminRoutesOptions['events'] = (query) => {
      asked.push(query);
      return Promise.resolve({ events: [], next: 9 });
    };
    const { ask, admin } = await routes({ events });
    const found = await ask('GET', `${API.events(RUN)}?after=3&types=joined&limit=2`, admin);
    expect([found.status, found.body]).toEqual([200, { events: [], next: 9 }]);
    expect(asked).toEqual([{ after: 3, types: ['joined'], limit: 2 }]);
    const wrong = await ask('GET', `${API.events(RUN)}?limit=0`, admin);
    expect([wrong.status, wrong.body['error']]).toEqual([400, 'MALFORMED']);
    expect(wrong.body['message']).toMatch(/limit/);
    expect((await ask('GET', API.events('nobody'), admin)).status).toBe(404);
  });
});
