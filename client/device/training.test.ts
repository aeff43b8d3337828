import { describe, expect, it } from 'vitest';
import { unitOrder } from '../../shared/engine/unit.ts';
import { ConnectionLost } from '../transport/connection.ts';
import {
  DATA,
  FakeEngine,
  FakeServer,
  leaseOf,
  PARAMETERS,
  replyAt,
  SHARD_MAP,
} from './testing/fakeServer.ts';
import { trainUnit, type UnitParts } from './training.ts';
import { Weights } from './weights.ts';

function parts() {
  const server = new FakeServer();
  const engine = new FakeEngine();
  const hosts = server.hostClients(SHARD_MAP);
  const weights = new Weights(SHARD_MAP, hosts, 1);
  const training: UnitParts = {
    engine,
    weights,
    hosts,
    dataShard: () => Promise.resolve(DATA),
  };
  return { server, engine, training };
}

describe('a work unit', () => {
  it('[UN1] computes one gradient on the samples that its seed and start name', async () => {
    const { server, engine, training } = parts();
    const lease = leaseOf(77, 4);
    lease.unit.batch = 5;
    const result = await trainUnit(lease, training);
    expect(engine.held).toBe(DATA);
    expect(engine.orders).toEqual([[...unitOrder(77, 1, 3, 5)]]);
    expect(engine.locals).toEqual([]);
    expect(result).toMatchObject({ done: true, outcome: 'APPLIED', samples: 5, brought: 5 });
    expect(server.pushed.flatMap((slice) => [...slice])).toEqual(Array(PARAMETERS).fill(5));
  });

  it('[UN3] takes as many local steps as it says, and pushes their delta', async () => {
    const { server, engine, training } = parts();
    const lease = leaseOf(77, 4);
    lease.unit.local = { steps: 3, lr: 0.5, momentum: 0.25 };
    expect(await trainUnit(lease, training)).toMatchObject({ outcome: 'APPLIED', samples: 6 });
    expect(engine.orders).toEqual([[...unitOrder(77, 1, 3, 6)]]);
    expect(engine.locals).toEqual([{ batch: 2, lr: 0.5, momentum: 0.25 }]);
    expect(server.pushed.flatMap((slice) => [...slice])).toEqual(Array(PARAMETERS).fill(4.5));
  });

  it('[CM2] was applied only where every shard says so', async () => {
    const { server, training } = parts();
    server.push = (shard) =>
      Promise.resolve({ outcome: shard === 1 ? 'NOT_FINITE' : 'APPLIED', weights: null });
    expect(await trainUnit(leaseOf(1, 0), training)).toMatchObject({
      outcome: 'NOT_FINITE',
      brought: null,
    });
  });

  it('[CM5] that came back with slices of two versions keeps the weights it had', async () => {
    const { server, training } = parts();
    server.push = (shard) => Promise.resolve(replyAt(shard, 'APPLIED', 5 + shard));
    expect(await trainUnit(leaseOf(1, 0), training)).toMatchObject({ outcome: 'APPLIED', brought: null });
    server.news();
    await trainUnit(leaseOf(2, 0), training);
    expect(server.news()).toEqual(['push 0 #2', 'push 1 #2']);
  });

  it('[CM6] [CM11] is not done where its version is gone', async () => {
    const { server, engine, training } = parts();
    server.pull = () => Promise.resolve({ outcome: 'VERSION_GONE', weights: null });
    expect(await trainUnit(leaseOf(1, 6), training)).toEqual({
      done: false,
      fault: 'supply',
      reason: 'version 6 is gone',
    });
    expect(engine.orders).toEqual([]);
  });

  it('is not done where its data cannot be had, or the engine fails, and nothing is pushed', async () => {
    const { server, engine, training } = parts();
    const dataShard = () => Promise.reject(new Error('no such data shard'));
    expect(await trainUnit(leaseOf(1, 0), { ...training, dataShard })).toEqual({
      done: false,
      fault: 'supply',
      reason: 'no such data shard',
    });
    engine.failing = 'context lost';
    expect(await trainUnit(leaseOf(1, 0), training)).toEqual({
      done: false,
      fault: 'engine',
      reason: 'context lost',
    });
    expect(server.pushed).toEqual([]);
  });

  it('rejects where the connection is lost, whichever way it was asked', async () => {
    const { server, training } = parts();
    const lost = () => Promise.reject(new ConnectionLost('lost'));
    server.push = lost;
    await expect(trainUnit(leaseOf(1, 0), training)).rejects.toBeInstanceOf(ConnectionLost);
    server.pull = lost;
    await expect(trainUnit(leaseOf(2, 1), training)).rejects.toBeInstanceOf(ConnectionLost);
  });
});
