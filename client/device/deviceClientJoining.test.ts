import { describe, expect, it } from 'vitest';
import { NoEngine, type Engines } from '../engines/select.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import { UNKNOWN_CONDITIONS, type EngineTrial } from '../../shared/profile/profile.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { ConnectionLost } from '../transport/connection.ts';
import {
  DEVICE,
  FakeEngine,
  leaseOf,
  MODEL,
  RUN_DESCRIPTION,
  SHARD_MAP,
  WELCOME,
} from './testing/fakeServer.ts';
import { onlyEngine } from './testing/onlyEngine.ts';
import {
  DESCRIPTION,
  deferred,
  joinedVolunteer,
  settled,
  startDeviceClient,
} from './testing/startDeviceClient.ts';

const JOINED = ['hello', `join 0,1 of ${RUN_DESCRIPTION.incarnation} as ${DEVICE} bb,cc`, 'ready'];

describe('a volunteer that joins', () => {
  it('says hello when it is connected, loads an engine, then asks for work', async () => {
    const { server, told, loads } = startDeviceClient();
    await settled();
    expect(server.news()).toEqual([]);
    expect(told()).toEqual(['connecting']);
    server.says.connected();
    await settled();
    expect(server.news()).toEqual(JOINED);
    expect(told()).toEqual([`credentials ${DEVICE}`, 'loading', 'waiting']);
    expect(loads).toEqual(['tiny']);
    expect(server.hellos).toEqual([
      {
        protocol: PROTOCOL_VERSION,
        join: 'let me in',
        profile: { ...DESCRIPTION, engine: null, trials: [], workers: 1, conditions: UNKNOWN_CONDITIONS },
      },
    ]);
    expect(server.readies).toEqual([
      {
        engine: { name: 'wasm', detail: 'x'.repeat(200), software: false },
        trials: [],
        workers: 1,
        conditions: UNKNOWN_CONDITIONS,
      },
    ]);
  });

  it('[AU2] shows the token of an earlier visit', async () => {
    const resume = { device: 'ba9876543210', token: 'f'.repeat(32) };
    const { server } = startDeviceClient({ resume });
    server.says.connected();
    await settled();
    expect(server.hellos[0]?.resume).toEqual(resume);
  });

  it('[AU2] shows the token it was given, and its engine, when the connection comes back', async () => {
    const { server, told, loads } = await joinedVolunteer();
    server.says.disconnected();
    expect(told()).toEqual(['connecting']);
    server.says.connected();
    await settled();
    expect(server.news()).toEqual(JOINED);
    expect(told()).toEqual([`credentials ${DEVICE}`, 'waiting']);
    expect(loads).toEqual(['tiny']);
    expect(server.hellos[1]?.resume).toEqual({ device: DEVICE, token: WELCOME.token });
    expect(server.hellos[1]?.profile.engine?.name).toBe('wasm');
  });

  it('loads one engine, even where the connection is lost', async () => {
    const loading = deferred<Engines>();
    let loads = 0;
    const { server, told } = startDeviceClient({
      workerPool: { limit: 1, selectEngines: () => (loads++, loading.promise) },
    });
    server.says.connected();
    await settled();
    server.says.disconnected();
    server.says.connected();
    await settled();
    loading.resolve(onlyEngine(new FakeEngine()));
    await settled();
    expect(loads).toBe(1);
    expect(server.news()).toEqual(['hello', ...JOINED]);
    expect(told().at(-1)).toBe('waiting');
  });

  it('loads another engine when the server has come back with another model', async () => {
    const engines = [new FakeEngine(), new FakeEngine()];
    const loads: string[] = [];
    const { server } = await joinedVolunteer({
      workerPool: {
        limit: 1,
        selectEngines: (model) =>
          Promise.resolve(onlyEngine(engines[loads.push(model.name) - 1] ?? new FakeEngine())),
      },
    });
    server.run = { ...RUN_DESCRIPTION, model: { ...MODEL, name: 'other' } };
    server.says.disconnected();
    server.says.connected();
    await settled();
    expect(loads).toEqual(['tiny', 'other']);
    expect(engines.map(({ disposed }) => disposed)).toEqual([1, 0]);
    expect(server.news()).toEqual(JOINED);
  });

  it('does not join twice when the connection is lost before hello is answered', async () => {
    const { server } = startDeviceClient();
    const late = deferred<typeof WELCOME>();
    server.welcome = () => late.promise;
    server.says.connected();
    await settled();
    server.says.disconnected();
    server.welcome = () => Promise.resolve(WELCOME);
    server.says.connected();
    late.resolve(WELCOME);
    await settled();
    expect(server.news()).toEqual(['hello', ...JOINED]);
  });
});

describe('the run of a volunteer', () => {
  it('may be told before hello is answered', async () => {
    const { server } = startDeviceClient();
    const late = deferred<typeof WELCOME>();
    server.welcome = () => late.promise;
    server.says.connected();
    await settled();
    server.says.run(RUN_DESCRIPTION);
    await settled();
    expect(server.news()).toEqual(['hello']);
    late.resolve(WELCOME);
    await settled();
    expect(server.news()).toEqual(JOINED.slice(1));
  });

  it('told again changes nothing, told of another incarnation is joined in place of the first', async () => {
    const { server, loads } = await joinedVolunteer();
    server.says.run({ ...RUN_DESCRIPTION });
    await settled();
    expect(server.news()).toEqual([]);
    server.says.run({ ...RUN_DESCRIPTION, incarnation: '00000001' });
    await settled();
    expect(server.news()).toEqual([`join 0,1 of 00000001 as ${DEVICE} bb,cc`, 'ready']);
    expect(loads).toEqual(['tiny']);
  });

  it('[LS5] is the only one whose leases it does: it gives back one of another incarnation', async () => {
    const { server, engine } = await joinedVolunteer();
    const lease = leaseOf(1, 0);
    server.says.lease({ ...lease, terms: { ...lease.terms, incarnation: '00000001' } });
    await settled();
    expect(server.news()).toEqual(['release #1: not the run that this device knows']);
    expect(engine.orders).toEqual([]);
  });
});

describe('a volunteer that cannot go on', () => {
  it.each(['WRONG_PROTOCOL', 'REFUSED', 'FULL', 'BARRED', 'REPLACED', 'TOO_MANY_FAULTS'] as const)(
    '[PR1] fails with the reason when the server closes with %s',
    async (outcome) => {
      const { server, engine, told } = await joinedVolunteer();
      server.says.closing({ outcome, reason: 'because' });
      expect(told()).toEqual(['failed: because']);
      expect(server.news()).toEqual(['close']);
      expect(engine.disposed).toBe(1);
      server.says.disconnected();
      server.says.connected();
      server.says.closing({ outcome });
      await settled();
      expect(told()).toEqual([]);
      expect(server.news()).toEqual([]);
    },
  );

  it('[PR10] says what an outcome means where no reason is given', async () => {
    const { server, told } = await joinedVolunteer();
    server.says.closing({ outcome: 'FULL' });
    expect(told()).toEqual([`failed: ${OUTCOMES.FULL.means}`]);
  });

  it('[PR1] joins again when it was closed for being slow', async () => {
    const { server, told } = await joinedVolunteer();
    server.says.closing({ outcome: 'TOO_SLOW' });
    server.says.disconnected();
    server.says.connected();
    await settled();
    expect(server.news()).toEqual(JOINED);
    expect(told().at(-1)).toBe('waiting');
  });

  it('[PR1] fails when hello is answered with a refusal, whether or not the server closes', async () => {
    const { server, told } = startDeviceClient();
    server.welcome = () => Promise.resolve({ outcome: 'MALFORMED', reason: 'profile.cores' });
    server.says.connected();
    await settled();
    expect(told()).toEqual(['connecting', 'failed: profile.cores']);
    expect(server.news()).toEqual(['hello', 'close']);
  });

  it('[PR9] fails with the reason when the server sends what cannot be read', async () => {
    const { server, told } = await joinedVolunteer();
    server.says.garbled('the server sent a lease that cannot be read: unit: Invalid input');
    expect(told()).toEqual(['failed: the server sent a lease that cannot be read: unit: Invalid input']);
    expect(server.news()).toEqual(['close']);
  });

  it('[AU3] tells with which outcome the server refused it', async () => {
    const refused: (Outcome | undefined)[] = [];
    const events = { status: () => undefined, unit: () => undefined, credentials: () => undefined };
    const { server } = startDeviceClient({
      events: {
        ...events,
        workers: () => undefined,
        state: (_state, _message, outcome) => refused.push(outcome),
      },
    });
    server.welcome = () => Promise.resolve({ outcome: 'REFUSED' });
    server.says.connected();
    await settled();
    expect(refused).toEqual([undefined, 'REFUSED']);
  });

  it('[EN2] fails with the reason when no engine works', async () => {
    const { server, told } = startDeviceClient({
      workerPool: { limit: 1, selectEngines: () => Promise.reject(new Error('no engine works')) },
    });
    server.says.connected();
    await settled();
    expect(told().at(-1)).toBe('failed: no engine works');
    expect(server.news()).toEqual(['hello', 'close']);
  });

  it('[EN15] [EN9] [EN19] tells the admin the trial of each engine when none works, then fails with the reason', async () => {
    const trial: EngineTrial = {
      name: 'webgpu',
      detail: '',
      software: false,
      verdict: 'failed',
      reason: 'no adapter',
      samplesPerSecond: null,
    };
    const { server, told } = startDeviceClient({
      workerPool: { limit: 1, selectEngines: () => Promise.reject(new NoEngine('no engine works', [trial])) },
    });
    server.says.connected();
    await settled();
    expect(server.readies).toMatchObject([{ engine: null, trials: [trial], workers: 1 }]);
    expect(told().at(-1)).toBe('failed: no engine works');
    expect(server.news()).toEqual(['hello', 'ready', 'close']);
  });

  it('[EN9] loads its engines again for a run of the same model that wants other arithmetic', async () => {
    const asked: string[] = [];
    const { server } = startDeviceClient({
      workerPool: {
        limit: 1,
        selectEngines: (_model, _worker, arithmetic) => {
          asked.push(arithmetic);
          return Promise.resolve(onlyEngine(new FakeEngine()));
        },
      },
    });
    for (const arithmetic of ['fastest', 'fastest', 'strict', 'strict'] as const) {
      server.run = { ...RUN_DESCRIPTION, arithmetic };
      server.says.connected();
      await settled();
      server.says.disconnected();
    }
    expect(asked).toEqual(['fastest', 'strict']);
  });

  it('[MD1] fails when it cannot read the model', async () => {
    const { server, told } = startDeviceClient();
    server.run = { ...RUN_DESCRIPTION, model: { ...MODEL, loss: 'mse' } };
    server.says.connected();
    await settled();
    expect(told().at(-1)).toBe('failed: model: loss "mse" is not softmax-cross-entropy');
  });

  it('[EN22] fails in one sentence where the weights do not fit the model', async () => {
    const { server, loads, told } = startDeviceClient();
    const shards = SHARD_MAP.slice(0, 1);
    server.run = { ...RUN_DESCRIPTION, shards };
    server.says.connected();
    await settled();
    expect(told().at(-1)).toBe('failed: The weights do not fit the model: they are 6, tiny has 10.');
    expect(loads).toEqual([]);
  });

  it('[PR17] fails in one sentence where a shard of the run has no host', async () => {
    const { server, told } = startDeviceClient();
    server.run = { ...RUN_DESCRIPTION, hosts: RUN_DESCRIPTION.hosts.slice(0, 1) };
    server.says.connected();
    await settled();
    expect(told().at(-1)).toBe('failed: The run names no host for its shard 1.');
  });

  it('opens the connection again when a part of it no longer answers', async () => {
    const { server, told } = startDeviceClient();
    server.ready = () => Promise.reject(new ConnectionLost('no answer'));
    server.says.connected();
    await settled();
    expect(server.news()).toEqual([...JOINED, 'restart']);
    expect(told()).not.toContain('failed');
  });
});

describe('a volunteer that stops', () => {
  it('[LS5] releases its leases, closes, and frees its engine', async () => {
    const { volunteer, server, engine, told } = await joinedVolunteer();
    await volunteer.stop();
    expect(server.news()).toEqual(['leave', 'close']);
    expect(told()).toEqual(['stopped']);
    expect(engine.disposed).toBe(1);
    await volunteer.stop();
    expect(server.news()).toEqual([]);
    expect(told()).toEqual([]);
  });

  it('closes at once where it has not joined', async () => {
    const { volunteer, server, told } = startDeviceClient();
    await volunteer.stop();
    expect(server.news()).toEqual(['close']);
    expect(told()).toEqual(['connecting', 'stopped']);
  });

  it('closes although the server gives no answer any more', async () => {
    const { volunteer, server, told } = await joinedVolunteer();
    server.leave = () => Promise.reject(new ConnectionLost('no answer'));
    await volunteer.stop();
    expect(server.news()).toEqual(['leave', 'close']);
    expect(told()).toEqual(['stopped']);
  });

  it('does not start a lease that arrives after its leave', async () => {
    const { volunteer, server, engine, told } = await joinedVolunteer();
    const left = deferred<undefined>();
    server.leave = () => left.promise;
    const stopped = volunteer.stop();
    server.says.lease(leaseOf(1, 0));
    await settled();
    left.resolve(undefined);
    await stopped;
    expect(engine.orders).toEqual([]);
    expect(server.news()).toEqual(['leave', 'close']);
    expect(told()).toEqual(['stopped']);
  });

  it('frees an engine that comes too late', async () => {
    const loading = deferred<Engines>();
    const { volunteer, server, told } = startDeviceClient({
      workerPool: { limit: 1, selectEngines: () => loading.promise },
    });
    server.says.connected();
    await settled();
    await volunteer.stop();
    const engine = new FakeEngine();
    loading.resolve(onlyEngine(engine));
    await settled();
    expect(engine.disposed).toBe(1);
    expect(server.news()).toEqual(['hello', 'close']);
    expect(told().at(-1)).toBe('stopped');
  });
});
