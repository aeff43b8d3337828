import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { OUTCOMES } from '../../shared/protocol/outcomes.ts';
import { ConnectionLost, type HostReply } from '../transport/connection.ts';
import { DATA, FakeEngine, leaseOf, MODEL, replyAt, statusOf, weightsOf } from './testing/fakeServer.ts';
import { onlyEngine } from './testing/onlyEngine.ts';
import { deferred, FakeData, joinedVolunteer, settled } from './testing/startDeviceClient.ts';

const GONE: HostReply = { outcome: 'VERSION_GONE', weights: null };

describe('a volunteer at work', () => {
  it('[CM5] pulls the weights of a lease, trains, and asks for nothing more where fresh ones came along', async () => {
    const { server, told } = await joinedVolunteer();
    server.says.lease(leaseOf(1, 4));
    await settled();
    expect(server.news()).toEqual(['pull 0 @4', 'pull 1 @4', 'push 0 #1', 'push 1 #1']);
    expect(told()).toEqual(['training', 'unit APPLIED 2']);
    expect(server.pushed.flatMap((slice) => [...slice])).toEqual([...weightsOf(5)]);
    server.says.lease(leaseOf(2, 5));
    await settled();
    expect(server.news()).toEqual(['push 0 #2', 'push 1 #2']);
  });

  it('[PL15] [PL38] says why it is in reserve, once what it was doing is done', async () => {
    const { server, told } = await joinedVolunteer();
    const decided = deferred<undefined>();
    server.push = async (shard) => {
      await decided.promise;
      return replyAt(shard, 'APPLIED', 5);
    };
    server.says.lease(leaseOf(1, 4));
    await settled();
    server.says.reserve('this run requires room: lab');
    expect(told()).toEqual(['training']);
    decided.resolve(undefined);
    await settled();
    expect(told().at(-1)).toBe('waiting: in reserve: this run requires room: lab');
    server.says.reserve(null);
    server.says.reserve('it has less than 20% charge');
    expect(told()).toEqual(['waiting', 'waiting: in reserve: it has less than 20% charge']);
  });

  it('[PL15] keeps no reason for being in reserve over a lost connection', async () => {
    const { server, told } = await joinedVolunteer();
    server.says.reserve('this run requires room: lab');
    server.says.disconnected();
    server.says.connected();
    await settled();
    expect(told().at(-1)).toBe('waiting');
  });

  it('[PO7] goes on with the weights that a STALE answer brings', async () => {
    const { server, told } = await joinedVolunteer();
    server.push = (shard) => Promise.resolve(replyAt(shard, 'STALE', 9));
    server.says.lease(leaseOf(1, 0));
    await settled();
    expect(told()).toEqual(['training', 'unit STALE 2']);
    server.news();
    server.says.lease(leaseOf(2, 9));
    await settled();
    expect(server.news()).toEqual(['push 0 #2', 'push 1 #2']);
  });

  it.each(['EXPIRED', 'WITHDRAWN', 'NOT_FINITE', 'NORM_EXCEEDED', 'WRONG_SHAPE'] as const)(
    '[PR1] [LS18] waits and asks for work again after %s',
    async (outcome) => {
      const { server, told } = await joinedVolunteer();
      server.push = () => Promise.resolve({ outcome, weights: null });
      server.says.lease(leaseOf(1, 0));
      await settled();
      expect(server.news().at(-1)).toBe('ready');
      expect(told()).toEqual(['training', `unit ${outcome} 2`, 'waiting']);
    },
  );

  it.each(['BUSY', 'CORRUPT', 'MALFORMED', 'NOT_JOINED', 'UNAVAILABLE', 'UNKNOWN_LEASE'] as const)(
    '[LS18] releases its lease before it asks again after %s, and waits for no other shard',
    async (outcome) => {
      const { server, told } = await joinedVolunteer();
      const held = deferred<HostReply>();
      server.push = (shard) => (shard === 0 ? held.promise : Promise.resolve({ outcome, weights: null }));
      server.says.lease(leaseOf(1, 0));
      await settled();
      const reason = `${outcome}: ${OUTCOMES[outcome].means}`;
      expect(server.news().slice(-2)).toEqual([`release #1: ${reason}`, 'ready']);
      expect(told()).toEqual(['training', 'unit WITHDRAWN 0', 'waiting']);
    },
  );

  it('[LS18] asks again after answers that bring the weights of two versions', async () => {
    const { server } = await joinedVolunteer();
    server.push = (shard) => Promise.resolve(replyAt(shard, 'APPLIED', 1 + shard));
    server.says.lease(leaseOf(1, 0));
    await settled();
    expect(server.news().at(-1)).toBe('ready');
  });

  it('[EN5] reports the trial of another engine, though weights came along', async () => {
    const engine = new FakeEngine();
    const engines = { ...onlyEngine(engine), reconsider: () => Promise.resolve(true) };
    const { server } = await joinedVolunteer({
      workerPool: { limit: 1, selectEngines: () => Promise.resolve(engines) },
    });
    server.says.lease(leaseOf(1, 4));
    await settled();
    expect(server.news().at(-1)).toBe('ready');
  });

  it('does one lease at a time, in the order they came', async () => {
    const { server } = await joinedVolunteer();
    const first = deferred<HostReply>();
    server.push = (shard, { lease, baseVersion }) =>
      lease === 1 && shard === 1
        ? first.promise
        : Promise.resolve(replyAt(shard, 'APPLIED', baseVersion + 1));
    server.says.lease(leaseOf(1, 0));
    server.says.lease(leaseOf(2, 1));
    await settled();
    expect(server.news()).toEqual(['pull 0 @0', 'pull 1 @0', 'push 0 #1', 'push 1 #1']);
    first.resolve(replyAt(1, 'APPLIED', 1));
    await settled();
    expect(server.news()).toEqual(['push 0 #2', 'push 1 #2']);
  });

  it('[RN1] shows that it waits while the run is paused or over', async () => {
    const { server, told } = await joinedVolunteer();
    server.says.status(statusOf('running'));
    server.says.status(statusOf('paused'));
    server.says.disconnected();
    server.says.status(statusOf('stopped'));
    expect(told()).toEqual(['status running', 'status paused', 'waiting', 'connecting', 'status stopped']);
  });
});

describe('a unit that cannot be done', () => {
  it('[LS5] is released with the reason, and work asked for', async () => {
    const { server, told } = await joinedVolunteer();
    server.pull = () => Promise.resolve(GONE);
    server.says.lease(leaseOf(1, 3));
    await settled();
    expect(server.news()).toEqual(['pull 0 @3', 'pull 1 @3', 'release #1: version 3 is gone', 'ready']);
    expect(told()).toEqual(['training', 'unit WITHDRAWN 0', 'waiting']);
  });

  it('three times in a row ends the volunteer', async () => {
    const { server, engine, told } = await joinedVolunteer();
    server.pull = () => Promise.resolve(GONE);
    for (const lease of [1, 2, 3]) {
      server.says.lease(leaseOf(lease, 3));
      await settled();
    }
    const asked = server.news().filter((each) => !each.startsWith('pull'));
    const released = (lease: number) => `release #${lease}: version 3 is gone`;
    expect(asked).toEqual([released(1), 'ready', released(2), 'ready', released(3), 'close']);
    expect(told().at(-1)).toBe('failed: version 3 is gone');
    expect(engine.disposed).toBe(1);
  });

  it('[EN6] because its engine failed is released, and the next engine goes on', async () => {
    const broken = new FakeEngine();
    const sound = new FakeEngine();
    broken.failing = 'the device was lost';
    const engines = { ...onlyEngine(broken), failed: () => Promise.resolve(void (engines.engine = sound)) };
    const { server, told } = await joinedVolunteer({
      workerPool: { limit: 1, selectEngines: () => Promise.resolve(engines) },
    });
    server.says.lease(leaseOf(1, 0));
    server.says.lease(leaseOf(2, 0));
    await settled();
    expect(server.news().slice(2)).toEqual([
      'release #1: the device was lost',
      'ready',
      'push 0 #2',
      'push 1 #2',
    ]);
    expect(told()).toEqual(['training', 'unit WITHDRAWN 0', 'waiting', 'training', 'unit APPLIED 2']);
    expect(sound.orders).toHaveLength(1);
  });

  it('[EN6] ends the volunteer where there is no other engine', async () => {
    const { server, engine, told } = await joinedVolunteer();
    engine.failing = 'the device was lost';
    server.says.lease(leaseOf(1, 0));
    await settled();
    expect(server.news().slice(2)).toEqual(['release #1: the device was lost', 'close']);
    expect(told().at(-1)).toBe('failed: the device was lost');
  });

  it('[EN22] ends the volunteer after three units whose data does not fit the model, in one sentence', async () => {
    const engine = await createWasmEngine(MODEL);
    const { server, told } = await joinedVolunteer({
      data: new FakeData({ ...DATA, shape: [3, 3, 1], images: new Uint8Array(27) }),
      workerPool: { limit: 1, selectEngines: () => Promise.resolve(onlyEngine(engine)) },
    });
    const sentence = 'The data does not fit the model: images are 3 x 3 x 1, tiny takes 2 x 2 x 1.';
    for (let lease = 1; lease <= 3; lease++) {
      server.says.lease(leaseOf(lease, 0));
      await settled();
      expect(server.news()).toContain(`release #${lease}: ${sentence}`);
    }
    expect(told().at(-1)).toBe(`failed: ${sentence}`);
  });

  it('is forgotten after one that was completed', async () => {
    const { server, told } = await joinedVolunteer();
    for (const [index, gone] of [true, true, false, true, true].entries()) {
      if (gone) server.pull = () => Promise.resolve(GONE);
      else server.pull = (shard, version) => Promise.resolve(replyAt(shard, 'OK', version));
      server.says.lease(leaseOf(index + 1, 10 * index));
      await settled();
    }
    expect(told().filter((each) => each.startsWith('unit'))).toHaveLength(5);
    expect(server.news()).not.toContain('close');
  });
});

describe('a connection that is lost during a unit', () => {
  it('reports nothing of the unit', async () => {
    const { server, told } = await joinedVolunteer();
    const pushed = deferred<HostReply>();
    server.push = () => pushed.promise;
    server.says.lease(leaseOf(1, 0));
    await settled();
    server.says.disconnected();
    server.says.connected();
    await settled();
    told();
    server.news();
    pushed.resolve({ outcome: 'EXPIRED', weights: null });
    await settled();
    expect(told()).toEqual([]);
    expect(server.news()).toEqual([]);
  });

  it('is no failure of the unit', async () => {
    const { server, told } = await joinedVolunteer();
    const pushed = deferred<HostReply>();
    server.push = () => pushed.promise;
    server.says.lease(leaseOf(1, 0));
    await settled();
    server.says.disconnected();
    pushed.reject(new ConnectionLost('lost'));
    await settled();
    expect(told()).toEqual(['training', 'connecting']);
    expect(server.news()).not.toContain('restart');
  });

  it('is opened again where only a shard was lost', async () => {
    const { server, told } = await joinedVolunteer();
    server.push = () => Promise.reject(new ConnectionLost('a shard was lost'));
    server.says.lease(leaseOf(1, 0));
    await settled();
    expect(server.news().at(-1)).toBe('restart');
    expect(told()).toEqual(['training']);
  });

  it('drops the leases that were queued', async () => {
    const { server, engine } = await joinedVolunteer();
    const pushed = deferred<HostReply>();
    server.push = () => pushed.promise;
    server.says.lease(leaseOf(1, 0));
    server.says.lease(leaseOf(2, 0));
    await settled();
    server.says.disconnected();
    server.says.connected();
    pushed.resolve({ outcome: 'WITHDRAWN', weights: null });
    await settled();
    expect(engine.orders).toHaveLength(1);
  });
});
