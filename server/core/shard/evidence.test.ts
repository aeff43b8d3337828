import { describe, expect, it } from 'vitest';
import { cutKeyRanges } from '../../../shared/model/ranges.ts';
import { CODECS, type CodecName } from '../../../shared/codec/codecs.ts';
import type { LeaseTerms } from '../../../shared/protocol/messages.ts';
import { macOfTerms } from '../mac.ts';
import { noiseVector, PLAIN_OPTIMIZER } from '../testing/plainModel.ts';
import { INCARNATION, KEY } from '../testing/testServer.ts';
import { VirtualClock } from '../testing/virtualClock.ts';
import { EvidenceKeeper } from './evidence.ts';
import { Shard } from './shard.ts';

const DEVICE = '0123456789ab';
const LENGTH = 300;
const ranges = cutKeyRanges(LENGTH, 1);
const INITIAL = noiseVector(1, LENGTH);
const UPDATE = noiseVector(2, LENGTH);

function opened(codec: CodecName = 'float32') {
  const reports = { staged: () => undefined, rejected: () => undefined };
  const opening = { index: 0, ranges, incarnation: INCARNATION, key: KEY, version: 0, updates: 0 };
  const shard = new Shard(
    {
      ...opening,
      parameters: INITIAL,
      optimizer: PLAIN_OPTIMIZER,
      average: null,
      deviceMomentum: 0,
      products: false,
    },
    new VirtualClock(),
    reports,
  );
  const push = (lease: number, values: Float32Array) => {
    const terms: LeaseTerms = {
      lease,
      device: DEVICE,
      incarnation: INCARNATION,
      baseVersion: 0,
      kind: 'gradient',
      samples: 32,
      deadline: 1000,
      codec,
    };
    const header = { ...terms, incarnation: parseInt(INCARNATION, 16), shard: 0, offset: 0, length: LENGTH };
    const mac = macOfTerms(KEY, terms, ranges);
    shard.push(DEVICE, { ...terms, mac }, { header, payload: CODECS[codec].encode(values) }, () => undefined);
  };
  const commit = (version: number, ...leases: number[]) =>
    shard.commit({
      type: 'update',
      version,
      rule: { shape: 'weighing' },
      members: leases.map((lease) => ({ lease, weight: 1 })),
    });
  return { shard, push, commit };
}

describe('the evidence of a shard', () => {
  it('[AT1] is the base of a unit and its update, long after both are part of the past, until it is dropped', async () => {
    const { shard, push, commit } = opened();
    shard.keepEvidence(1, 0);
    push(1, UPDATE);
    for (let version = 1; version <= 30; version++) commit(version, ...(version === 1 ? [1] : []));
    expect(await shard.evidence(1)).toEqual({ base: INITIAL, update: UPDATE });
    shard.dropEvidence(1);
    expect(await shard.evidence(1)).toBeNull();
  });

  it('[AT1] is the update as it was decoded', async () => {
    const { shard, push } = opened('float16');
    shard.keepEvidence(1, 0);
    push(1, UPDATE);
    const decoded = CODECS.float16.decode(CODECS.float16.encode(UPDATE), LENGTH);
    expect((await shard.evidence(1))?.update).toEqual(decoded);
    expect(decoded).not.toEqual(UPDATE);
  });

  it('[AT1] outlives a refusal, for a lease that was decided before its audit', async () => {
    const { shard, push } = opened();
    shard.keepEvidence(1, 0);
    push(1, UPDATE);
    shard.refuse(1, 'STALE', null);
    expect((await shard.evidence(1))?.update).toEqual(UPDATE);
  });

  it('is none of what was not asked for, is not yet there, or could not be staged', async () => {
    const { shard, push } = opened();
    push(1, UPDATE);
    shard.keepEvidence(2, 0);
    shard.keepEvidence(3, 0);
    push(3, new Float32Array(LENGTH).fill(NaN));
    shard.keepEvidence(4, 9);
    push(4, UPDATE);
    expect(await Promise.all([1, 2, 3, 4].map((lease) => shard.evidence(lease)))).toEqual(
      Array(4).fill(null),
    );
  });

  it('[AT2] is not kept where it would take more memory than there is for it, and there is room again', () => {
    const bytes = 8 * LENGTH;
    const keeper = new EvidenceKeeper(2 * bytes);
    const keep = (lease: number) => {
      keeper.keep(lease, new Float32Array(LENGTH));
      keeper.staged(lease, UPDATE);
      return keeper.of(lease) !== null;
    };
    expect([1, 2, 3].map(keep)).toEqual([true, true, false]);
    keeper.drop(3);
    expect(keep(4)).toBe(false);
    keeper.drop(1);
    keeper.drop(1);
    expect([5, 6].map(keep)).toEqual([true, false]);
    keeper.clear();
    expect([7, 8, 9].map(keep)).toEqual([true, true, false]);
  });

  it('[AT2] leases that come to nothing take no room beyond that of their base, which leases of one version share', () => {
    const bytes = 4 * LENGTH;
    const keeper = new EvidenceKeeper(3 * bytes);
    for (let lease = 1; lease <= 1000; lease++) keeper.keep(lease, INITIAL);
    for (const lease of [10, 20, 30]) keeper.staged(lease, UPDATE);
    expect([10, 20, 30].map((lease) => keeper.of(lease) !== null)).toEqual([true, true, false]);
    for (let lease = 1; lease <= 1000; lease++) keeper.drop(lease);
    const other = new Float32Array(LENGTH);
    keeper.keep(1, other);
    for (const lease of [2, 3]) keeper.keep(lease, other);
    for (const lease of [1, 2, 3]) keeper.staged(lease, UPDATE);
    expect([1, 2, 3].map((lease) => keeper.of(lease) !== null)).toEqual([true, true, false]);
  });
});
