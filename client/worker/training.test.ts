import { describe, expect, it } from 'vitest';
import { gatherBatch, unitOrder } from '../../shared/engine/batch.ts';
import { ConnectionLost } from '../transport/connection.ts';
import {
  DATA,
  FakeEngine,
  FakeServer,
  leaseOf,
  MODEL,
  replyAt,
  SHARD_MAP,
  WELCOME,
} from './testing/fakeServer.ts';
import { trainUnit, type TrainingParts } from './training.ts';
import { Weights } from './weights.ts';

function parts() {
  const server = new FakeServer();
  const engine = new FakeEngine();
  const shards = server.joinShards(SHARD_MAP, WELCOME.run, WELCOME.device, WELCOME.pass);
  const weights = new Weights(SHARD_MAP, shards);
  const training: TrainingParts = {
    ...{ engine, model: MODEL, weights, shards },
    dataShard: () => Promise.resolve(DATA),
  };
  return { server, engine, training };
}

describe('a work unit', () => {
  it('[UN1] computes on the samples that its seed names, as the model normalises them', async () => {
    const { engine, training } = parts();
    const model = { ...MODEL, normalise: { mean: 0.25, deviation: 0.5 } };
    const lease = leaseOf(77, 4);
    lease.unit.batch = 5;
    const result = await trainUnit(lease, { ...training, model });
    expect(engine.batches).toEqual([gatherBatch(DATA, unitOrder(77, 3, 5), model.normalise)]);
    expect(result).toEqual({ done: true, outcome: 'APPLIED', samples: 5, refreshed: true });
  });

  it('[CM2] was applied only where every shard says so', async () => {
    const { server, training } = parts();
    server.push = (shard) =>
      Promise.resolve({ outcome: shard === 1 ? 'NOT_FINITE' : 'APPLIED', weights: null });
    expect(await trainUnit(leaseOf(1, 0), training)).toMatchObject({
      outcome: 'NOT_FINITE',
      refreshed: false,
    });
  });

  it('[CM5] that came back with slices of two versions keeps the weights it had', async () => {
    const { server, training } = parts();
    server.push = (shard) => Promise.resolve(replyAt(shard, 'APPLIED', 5 + shard));
    expect(await trainUnit(leaseOf(1, 0), training)).toMatchObject({ outcome: 'APPLIED', refreshed: false });
    server.news();
    await trainUnit(leaseOf(2, 0), training);
    expect(server.news()).toEqual(['push 0 #2', 'push 1 #2']);
  });

  it('[CM6] is not done where its version is gone', async () => {
    const { server, engine, training } = parts();
    server.pull = () => Promise.resolve({ outcome: 'VERSION_GONE', weights: null });
    expect(await trainUnit(leaseOf(1, 6), training)).toEqual({ done: false, reason: 'version 6 is gone' });
    expect(engine.batches).toEqual([]);
  });

  it('is not done where its data cannot be had, or the engine fails, and nothing is pushed', async () => {
    const { server, engine, training } = parts();
    const dataShard = () => Promise.reject(new Error('no such data shard'));
    expect(await trainUnit(leaseOf(1, 0), { ...training, dataShard })).toEqual({
      done: false,
      reason: 'no such data shard',
    });
    engine.failing = 'context lost';
    expect(await trainUnit(leaseOf(1, 0), training)).toEqual({ done: false, reason: 'context lost' });
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
