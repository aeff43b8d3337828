import { describe, expect, it } from 'vitest';
import type { HostReply } from '../transport/connection.ts';
import { FakeServer, replyAt, SHARD_MAP, weightsOf } from './testing/fakeServer.ts';
import { Weights } from './weights.ts';

function held(keep = 1) {
  const server = new FakeServer();
  const weights = new Weights(SHARD_MAP, server.hostClients(SHARD_MAP), keep);
  server.news();
  return { server, weights };
}

const NOTHING: HostReply = { outcome: 'APPLIED', weights: null };

describe('the weights of a device', () => {
  it('[LS8] are kept for as many versions as it has workers, the newest, and pulled once for all', async () => {
    const { server, weights } = held(2);
    await Promise.all([weights.at(3), weights.at(3), weights.at(5)]);
    expect(server.news()).toEqual(['pull 0 @3', 'pull 1 @3', 'pull 0 @5', 'pull 1 @5']);
    weights.take([replyAt(0, 'APPLIED', 4), replyAt(1, 'APPLIED', 4)]);
    expect([await weights.at(5), await weights.at(4)]).toEqual([weightsOf(5), weightsOf(4)]);
    expect(server.news()).toEqual([]);
    await weights.at(3);
    expect(server.news()).toEqual(['pull 0 @3', 'pull 1 @3']);
  });

  it('[CM6] are pulled once a version', async () => {
    const { server, weights } = held();
    expect(await weights.at(3)).toEqual(weightsOf(3));
    expect(server.news()).toEqual(['pull 0 @3', 'pull 1 @3']);
    expect(await weights.at(3)).toEqual(weightsOf(3));
    expect(server.news()).toEqual([]);
    expect(await weights.at(4)).toEqual(weightsOf(4));
    expect(server.news()).toEqual(['pull 0 @4', 'pull 1 @4']);
  });

  it('[CM6] are none where a shard no longer has the version, or answers with another', async () => {
    const { server, weights } = held();
    server.pull = (shard, version) =>
      Promise.resolve(shard === 0 ? replyAt(0, 'OK', version) : { outcome: 'VERSION_GONE', weights: null });
    expect(await weights.at(3)).toBeNull();
    server.pull = (shard, version) => Promise.resolve(replyAt(shard, 'OK', version + 1));
    expect(await weights.at(3)).toBeNull();
  });

  it('[CM5] are taken from answers that together are one version', async () => {
    const { server, weights } = held();
    expect(weights.take([replyAt(0, 'APPLIED', 8), replyAt(1, 'APPLIED', 8)])).toBe(8);
    expect(await weights.at(8)).toEqual(weightsOf(8));
    expect(server.news()).toEqual([]);
  });

  it.each<[string, HostReply[]]>([
    ['of two versions', [replyAt(0, 'APPLIED', 8), replyAt(1, 'APPLIED', 9)]],
    ['of one shard', [replyAt(0, 'APPLIED', 8), NOTHING]],
    ['that are too few', [replyAt(0, 'APPLIED', 8)]],
    ['that are too many', [replyAt(0, 'OK', 8), replyAt(1, 'OK', 8), replyAt(1, 'OK', 8)]],
    ['without weights', [NOTHING, NOTHING]],
    ['that are none', []],
  ])('[CM5] are left as they were by answers %s', async (_name, replies) => {
    const { server, weights } = held();
    await weights.at(3);
    server.news();
    expect(weights.take(replies)).toBeNull();
    expect(await weights.at(3)).toEqual(weightsOf(3));
    expect(server.news()).toEqual([]);
  });

  it('[SL2] an update is cut along the shards, for each host', () => {
    const { weights } = held();
    const update = Float32Array.from({ length: 10 }, (_, index) => index);
    expect(weights.cut(update).map((slices) => slices.map((slice) => [...slice]))).toEqual([
      [[0, 1, 2, 3, 4, 5]],
      [[6, 7, 8, 9]],
    ]);
  });
});
