import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UNKNOWN_CONDITIONS } from '../../shared/profile/profile.ts';
import { TEST_PROFILE } from '../../shared/profile/testing/profile.ts';
import { lenet } from '../zoo/lenet.ts';
import {
  EVENTS,
  runDescription,
  welcome,
  type RunDescription,
  type RunStatus,
} from '../../shared/protocol/messages.ts';
import { OUTCOMES } from '../../shared/protocol/outcomes.ts';
import { NAMESPACES, PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { World } from '../core/testing/world.ts';
import { barredBy, firstTrust } from '../core/crowd/trust.ts';
import { hostAccessToken, resumeToken } from '../core/mac.ts';
import { INCARNATION, KEY } from '../core/testing/testServer.ts';
import {
  serveCoordinator,
  tellReserves,
  tellStatus,
  type CoordinatorGatewayParts,
} from './coordinatorGateway.ts';
import { ask, next, RealSockets } from './testing/realSockets.ts';

/* The coordinator's namespace over real sockets, with a coordinator under a virtual clock behind it. */

const STATUS: RunStatus = {
  state: 'running',
  stop: null,
  model: 'lenet',
  version: 0,
  updates: 0,
  samples: 0,
  devices: 0,
  testAccuracy: null,
  testImages: 10_000,
};
const RUN_DESCRIPTION: RunDescription = {
  run: 'fedcba987654',
  incarnation: INCARNATION,
  model: lenet.spec,
  dataset: { name: 'mnist', hash: '' },
  arithmetic: 'fastest',
  codecs: ['float32'],
  hosts: [],
  shards: [{ index: 0, url: '', offset: 0, length: 1000 }],
};
const HELLO = { protocol: PROTOCOL_VERSION, join: '', profile: TEST_PROFILE };
const READY = {
  engine: { name: 'scripted', detail: 'test', software: false },
  trials: [],
  workers: 1,
  conditions: UNKNOWN_CONDITIONS,
};

let sockets: RealSockets;
beforeEach(async () => void (sockets = await RealSockets.open()));
afterEach(() => sockets.close());

/** A coordinator behind its namespace. */
function serving(changes: Partial<CoordinatorGatewayParts> = {}, maxDevices = 8) {
  const world = new World({ maxDevices });
  world.coordinator.start();
  const failures: unknown[] = [];
  const namespace = sockets.of(NAMESPACES.coordinator);
  serveCoordinator(namespace, {
    crowd: world.crowd,
    recall: () => Promise.resolve(null),
    coordinator: world.coordinator,
    clock: world.clock,
    describe: (device) => ({
      ...RUN_DESCRIPTION,
      hosts: [{ url: '', accessToken: hostAccessToken(KEY, '', device) }],
    }),
    dataChannels: null,
    join: { credential: '', open: false },
    status: () => STATUS,
    failed: (error) => failures.push(error),
    ...changes,
  });
  return { world, failures, namespace };
}
const connect = () => sockets.socket(NAMESPACES.coordinator);

describe('hello', () => {
  it('[AU1] [AU2] [PR17] is answered by a welcome: who the device is now, and followed by what it has to know of the run', async () => {
    const { world } = serving();
    const socket = connect();
    const status = next(socket, EVENTS.status);
    const run = next(socket, EVENTS.run);
    const { device, dataChannels } = welcome.parse(await ask(socket, EVENTS.hello, HELLO));
    expect(dataChannels).toBeNull();
    const { hosts, ...told } = runDescription.parse(await run);
    expect({ ...told, hosts: [] }).toEqual(JSON.parse(JSON.stringify(RUN_DESCRIPTION)));
    expect(await status).toEqual(STATUS);
    expect(hosts).toEqual([{ url: '', accessToken: hostAccessToken(KEY, '', device) }]);
    expect(world.crowd.size).toBe(1);
  });

  it('[PR2] of another protocol version is answered WRONG_PROTOCOL, whatever else it says, and closed', async () => {
    serving();
    const socket = connect();
    const closed = next<string>(socket, 'disconnect');
    const closing = next(socket, EVENTS.closing);
    const answer = await ask(socket, EVENTS.hello, { protocol: PROTOCOL_VERSION + 1, something: 'new' });
    const reason = `this server speaks protocol ${PROTOCOL_VERSION}`;
    expect(answer).toEqual({ outcome: 'WRONG_PROTOCOL', reason });
    expect(await closing).toEqual({ outcome: 'WRONG_PROTOCOL', reason });
    expect(await closed).toBe('io server disconnect');
  });

  it.each([
    ['no version', { join: '' }, 'hello without a protocol version'],
    ['a wrong field', { ...HELLO, join: 7 }, /join/],
    ['a field more', { ...HELLO, more: 1 }, 'there is no field more'],
    ['no body', undefined, 'hello without a protocol version'],
  ])('[PR4] with %s is answered MALFORMED, and may be said again', async (_name, body, reason) => {
    const { failures } = serving();
    const socket = connect();
    expect(await ask(socket, EVENTS.hello, body)).toEqual({
      outcome: 'MALFORMED',
      reason: expect.stringMatching(reason) as unknown,
    });
    expect(await ask(socket, EVENTS.hello, HELLO)).toMatchObject({ outcome: 'OK' });
    expect(failures).toEqual([]);
  });

  it('[PR4] is said once on a connection', async () => {
    const { world } = serving();
    const socket = connect();
    await ask(socket, EVENTS.hello, HELLO);
    expect(await ask(socket, EVENTS.hello, HELLO)).toEqual({
      outcome: 'MALFORMED',
      reason: 'hello was said already',
    });
    expect(world.crowd.size).toBe(1);
  });

  it('[AU3] without the credential is answered REFUSED and closed, with it OK', async () => {
    const { world } = serving({ join: { credential: 'open sesame', open: false } });
    for (const join of ['', 'open', 'open sesame!']) {
      const stranger = connect();
      const closed = next(stranger, 'disconnect');
      expect(await ask(stranger, EVENTS.hello, { ...HELLO, join })).toEqual({
        outcome: 'REFUSED',
        reason: 'the credential to join is not valid',
      });
      expect(await closed).toBe('io server disconnect');
    }
    expect(world.crowd.size).toBe(0);
    expect(await ask(connect(), EVENTS.hello, { ...HELLO, join: 'open sesame' })).toMatchObject({
      outcome: 'OK',
    });
    expect(world.crowd.records()).toMatchObject([{ trust: { state: 'trusted', vouched: true } }]);
  });

  it('[AU6] beyond the limit of devices is answered FULL and closed', async () => {
    serving({}, 1);
    await ask(connect(), EVENTS.hello, HELLO);
    const late = connect();
    const closed = next(late, 'disconnect');
    expect(await ask(late, EVENTS.hello, HELLO)).toEqual({ outcome: 'FULL' });
    await closed;
  });

  it('[AU2] [AU4] with a resume token keeps the device, and closes its earlier connection as REPLACED', async () => {
    serving();
    const before = connect();
    const { device, token } = welcome.parse(await ask(before, EVENTS.hello, HELLO));
    const closing = next(before, EVENTS.closing);
    const again = await ask(connect(), EVENTS.hello, { ...HELLO, resume: { device, token } });
    expect(again).toMatchObject({ outcome: 'OK', device });
    expect(await closing).toMatchObject({ outcome: 'REPLACED' });
  });
});

describe('who is trusted from the beginning', () => {
  const trustAfter = async (join: CoordinatorGatewayParts['join'], shown: string) => {
    const { world } = serving({ join });
    const { device } = welcome.parse(await ask(connect(), EVENTS.hello, { ...HELLO, join: shown }));
    return world.crowd.get(device)?.trust;
  };

  it('[TS12] who shows the join credential', async () => {
    expect(await trustAfter({ credential: 'sesame', open: false }, 'sesame')).toBe('trusted');
  });

  it('[TS12] nobody where there is no credential', async () => {
    expect(await trustAfter({ credential: '', open: false }, '')).toBe('new');
  });

  it.each([
    ['sesame', 'trusted'],
    ['', 'new'],
  ])('[TS13] on an open server, %j makes a device %s', async (shown, trust) => {
    expect(await trustAfter({ credential: 'sesame', open: true }, shown)).toBe(trust);
  });

  it('[TS13] [AU3] on an open server, a wrong credential is refused', async () => {
    serving({ join: { credential: 'sesame', open: true } });
    expect(await ask(connect(), EVENTS.hello, { ...HELLO, join: 'simsalabim' })).toMatchObject({
      outcome: 'REFUSED',
    });
  });
});

describe('a barred device', () => {
  it('[TS8] has its connection closed as BARRED, and its hello answered so', async () => {
    const { world } = serving();
    const socket = connect();
    const { device, token } = welcome.parse(await ask(socket, EVENTS.hello, HELLO));
    const closing = next(socket, EVENTS.closing);
    const closed = next(socket, 'disconnect');
    world.crowd.bar(device, 'two audits found its work wrong');
    expect(await closing).toEqual({ outcome: 'BARRED', reason: OUTCOMES.BARRED.means });
    await closed;
    const again = connect();
    const closedAgain = next(again, 'disconnect');
    expect(await ask(again, EVENTS.hello, { ...HELLO, resume: { device, token } })).toEqual({
      outcome: 'BARRED',
    });
    await closedAgain;
  });

  it('[TS1] [TS8] is known as such where its row alone says so', async () => {
    const device = 'feedfacecafe';
    const trust = barredBy(firstTrust(false), 'admin', 'it sent noise');
    serving({ recall: () => Promise.resolve({ applied: 0, samples: 0, lost: 0, faultsInRow: 0, trust }) });
    const resume = { device, token: resumeToken(KEY, device) };
    expect(await ask(connect(), EVENTS.hello, { ...HELLO, resume })).toEqual({ outcome: 'BARRED' });
  });
});

describe('hello of a device that the crowd has forgotten', () => {
  const DEVICE = 'feedfacecafe';
  const resume = { device: DEVICE, token: resumeToken(KEY, DEVICE) };
  const kept = { applied: 3, samples: 360, lost: 1, faultsInRow: 0, trust: firstTrust(false) };
  /** A read of the disk that ends when the test says so. */
  const pending = () => {
    let resolve: (counts: typeof kept) => void = () => undefined;
    const promise = new Promise<typeof kept>((settle) => (resolve = settle));
    return { promise, resolve: (counts: typeof kept) => resolve(counts) };
  };

  it('[AU9] [AU10] is answered under its id once what is kept of it was read, a second hello MALFORMED', async () => {
    const read = pending();
    const asked: string[] = [];
    const { world } = serving({
      recall: (device) => {
        asked.push(device);
        return read.promise;
      },
    });
    const socket = connect();
    const first = ask(socket, EVENTS.hello, { ...HELLO, resume });
    expect(await ask(socket, EVENTS.hello, { ...HELLO, resume })).toMatchObject({ outcome: 'MALFORMED' });
    read.resolve(kept);
    expect(await first).toMatchObject({ outcome: 'OK', device: DEVICE });
    expect(world.crowd.histories()).toEqual([{ device: DEVICE, ...kept }]);
    expect(asked).toEqual([DEVICE]);
  });

  it('[PR12] joins nobody where the socket is gone by then', async () => {
    const read = pending();
    const { world, namespace } = serving({ recall: () => read.promise });
    const socket = connect();
    const answer = ask(socket, EVENTS.hello, { ...HELLO, resume }).catch(() => null);
    await expect.poll(() => [...namespace.sockets.values()].length).toBe(1);
    socket.disconnect();
    await expect.poll(() => [...namespace.sockets.values()].length).toBe(0);
    read.resolve(kept);
    await read.promise;
    expect(await answer).toBeNull();
    expect(world.crowd.size).toBe(0);
  });
});

describe('before hello', () => {
  it.each([EVENTS.ready, EVENTS.release, EVENTS.leave])(
    '[PR3] %s is answered NOT_JOINED, whatever it says',
    async (event) => {
      const { failures } = serving();
      const socket = connect();
      for (const body of [{}, READY, null]) {
        expect(await ask(socket, event, body)).toEqual({ outcome: 'NOT_JOINED', reason: 'say hello first' });
      }
      expect(failures).toEqual([]);
    },
  );

  it('[PR3] a hello that was refused opens nothing', async () => {
    serving();
    const socket = connect();
    await ask(socket, EVENTS.hello, { ...HELLO, join: 7 });
    expect(await ask(socket, EVENTS.ready, READY)).toMatchObject({ outcome: 'NOT_JOINED' });
  });

  it('[PR5] [PR12] ten seconds may pass: then the socket is closed as TOO_SLOW, and nobody was told of it', async () => {
    const { world } = serving();
    const silent = connect();
    await next(silent, 'connect');
    const closing = next(silent, EVENTS.closing);
    const closed = next(silent, 'disconnect');
    expect(world.crowd.size).toBe(0);
    world.clock.advance(9999);
    expect(await ask(silent, EVENTS.leave, {})).toMatchObject({ outcome: 'NOT_JOINED' });
    world.clock.advance(1);
    expect(await closing).toEqual({ outcome: 'TOO_SLOW', reason: 'no hello in time' });
    expect(await closed).toBe('io server disconnect');
  });

  it('[PR5] a socket that said hello stays', async () => {
    const { world } = serving();
    const socket = connect();
    await ask(socket, EVENTS.hello, HELLO);
    world.clock.advance(60_000);
    expect(await ask(socket, EVENTS.leave, {})).toEqual({ outcome: 'OK' });
  });

  it('the state of the run is told to nobody', async () => {
    const { namespace } = serving();
    const stranger = connect();
    const device = connect();
    const told: unknown[] = [];
    stranger.on(EVENTS.status, (status) => told.push(status));
    await next(stranger, 'connect');
    await ask(device, EVENTS.hello, HELLO);
    const status = next(device, EVENTS.status);
    tellStatus(namespace, { ...STATUS, version: 5 });
    expect(await status).toMatchObject({ version: 5 });
    await ask(stranger, EVENTS.leave, {});
    expect(told).toEqual([]);
  });
});

describe('a device in reserve', () => {
  it('[PL15] is told why, once for each reason, and that it is not any more; the others are told nothing', async () => {
    const { namespace } = serving();
    const held = connect();
    const other = connect();
    const told: unknown[] = [];
    other.on(EVENTS.reserve, (body) => told.push(['other', body]));
    held.on(EVENTS.reserve, (body) => told.push(body));
    const { device } = welcome.parse(await ask(held, EVENTS.hello, HELLO));
    await ask(other, EVENTS.hello, HELLO);
    for (const reasons of [['a'], ['a'], ['b'], [], []]) {
      tellReserves(namespace, new Map(reasons.map((why) => [device, why])));
    }
    // What was sent before an answer has arrived before it.
    await ask(held, EVENTS.leave, {});
    await ask(other, EVENTS.leave, {});
    expect(told).toEqual([{ why: 'a' }, { why: 'b' }, { why: null }]);
  });
});

describe('a device that joined', () => {
  async function joined() {
    const served = serving();
    const socket = connect();
    const { device } = welcome.parse(await ask(socket, EVENTS.hello, HELLO));
    return { ...served, socket, device };
  }
  type Leased = { terms: { lease: number; device: string }; unit: unknown };

  it('[LS5] is given a lease when it is ready, and may give it back', async () => {
    const { socket, device } = await joined();
    const lease = next<Leased>(socket, EVENTS.lease);
    expect(await ask(socket, EVENTS.ready, READY)).toEqual({ outcome: 'OK' });
    const { terms } = await lease;
    expect(terms.device).toBe(device);
    expect(await ask(socket, EVENTS.release, { lease: terms.lease, reason: '' })).toEqual({ outcome: 'OK' });
    expect(await ask(socket, EVENTS.release, { lease: terms.lease, reason: '' })).toEqual({
      outcome: 'UNKNOWN_LEASE',
    });
  });

  it.each<[string, unknown, string | RegExp]>([
    [EVENTS.ready, { ...READY, workers: 0 }, /^ready: .*workers/],
    [EVENTS.release, { lease: 'first' }, 'release names a lease and a reason'],
  ])('[PR4] is answered MALFORMED where %s has a wrong field', async (event, body, reason) => {
    const { socket } = await joined();
    expect(await ask(socket, event, body)).toEqual({
      outcome: 'MALFORMED',
      reason: expect.stringMatching(reason) as unknown,
    });
  });

  it('[LS4] is gone with its connection', async () => {
    const { socket, world } = await joined();
    socket.disconnect();
    await expect.poll(() => world.crowd.size).toBe(0);
  });

  it('is given no more work once it left, and what it had goes to another', async () => {
    const { socket } = await joined();
    const leases: Leased[] = [];
    socket.on(EVENTS.lease, (lease: Leased) => leases.push(lease));
    await ask(socket, EVENTS.ready, READY);
    expect(await ask(socket, EVENTS.leave, {})).toEqual({ outcome: 'OK' });
    const other = connect();
    await ask(other, EVENTS.hello, HELLO);
    const given = next<Leased>(other, EVENTS.lease);
    await ask(other, EVENTS.ready, READY);
    expect((await given).unit).toEqual(leases[0]?.unit);
    expect(await ask(socket, EVENTS.leave, {})).toEqual({ outcome: 'OK' });
    expect(leases).toHaveLength(1);
  });
});
