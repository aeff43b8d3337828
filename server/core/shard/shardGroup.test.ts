import { describe, expect, it } from 'vitest';
import { cutKeyRanges, sliceOf } from '../../../shared/model/ranges.ts';
import { CODECS } from '../../../shared/codec/codecs.ts';
import type { EncodedFrame } from '../../../shared/protocol/frame.ts';
import type { LeaseTerms } from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import { macOfTerms } from '../mac.ts';
import { noiseVector, PLAIN_OPTIMIZER } from '../testing/plainModel.ts';
import { INCARNATION, KEY } from '../testing/testServer.ts';
import { VirtualClock } from '../testing/virtualClock.ts';
import { Shard } from './shard.ts';
import { ShardGroup, type GroupAnswer } from './shardGroup.ts';

const DEVICE = '0123456789ab';
const SHARDS = 3;
const INITIAL = noiseVector(1, 1000);
const ranges = cutKeyRanges(INITIAL.length, SHARDS);

function grouped() {
  const clock = new VirtualClock();
  const staged: number[] = [];
  const rejected: [shard: number, Outcome][] = [];
  const shards = ranges.map(
    (range, index) =>
      new Shard(
        {
          index,
          ranges,
          incarnation: INCARNATION,
          key: KEY,
          version: 0,
          updates: 0,
          parameters: sliceOf(INITIAL, range),
          optimizer: PLAIN_OPTIMIZER,
          average: null,
          deviceMomentum: 0,
          products: false,
        },
        clock,
        {
          staged: (_lease, shard) => staged.push(shard),
          rejected: (_lease, shard, outcome) => rejected.push([shard, outcome]),
        },
      ),
  );
  const group = new ShardGroup();
  for (const shard of shards) group.add(shard);
  const answers: GroupAnswer[] = [];
  const answer = (given: GroupAnswer) => void answers.push(given);
  const terms: LeaseTerms = {
    lease: 1,
    device: DEVICE,
    incarnation: INCARNATION,
    baseVersion: 0,
    kind: 'gradient',
    samples: 32,
    deadline: 1000,
    codec: 'float32',
  };
  const signed = { ...terms, mac: macOfTerms(KEY, terms, ranges) };
  const frames = ranges.map((range, shard): EncodedFrame => {
    const values = new Float32Array(range.length).fill(0.5);
    const header = { ...terms, incarnation: parseInt(INCARNATION, 16), shard, ...range };
    return { header, payload: CODECS.float32.encode(values) };
  });
  const push = (given = frames) => group.push(DEVICE, signed, given, answer);
  const commit = (from = 0, to = SHARDS) => {
    const rule = { shape: 'weighing' as const };
    const record = { type: 'update' as const, version: 1, rule, members: [{ lease: 1, weight: 1 }] };
    for (const shard of shards.slice(from, to)) shard.commit(record);
  };
  return { clock, group, shards, staged, rejected, answers, frames, push, commit, answer };
}

const versionsOf = ({ version, slices }: GroupAnswer) => [version, slices?.length];

describe('the shards of a run in one process', () => {
  it('[CM2] [CM5] answer a push once all of them have applied it, with the slices of one version', () => {
    const { push, staged, answers, commit } = grouped();
    push();
    expect(staged).toEqual([0, 1, 2]);
    commit(0, 2);
    expect(answers).toEqual([]);
    commit(2);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['APPLIED']);
    expect(answers.map(versionsOf)).toEqual([[1, 3]]);
  });

  it('[LS14] answer a repeated push DUPLICATE, with the first outcome and the weights of that', () => {
    const { push, answers, commit } = grouped();
    push();
    commit();
    push();
    expect(answers[1]).toMatchObject({ outcome: 'DUPLICATE', first: 'APPLIED', version: 1 });
    expect(answers[1]?.slices).toEqual(answers[0]?.slices);
  });

  it('[LS3] answer a push that is repeated while only some have decided as they answered the first', () => {
    const { push, answers, commit } = grouped();
    push();
    commit(0, 1);
    push();
    commit(1);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['APPLIED', 'APPLIED']);
  });

  it('[CM2] answer by the fault of one slice, which is reported, and the others once the lease is refused', () => {
    const { push, answers, frames, shards, rejected } = grouped();
    const poisoned = frames.map((frame, index) =>
      index === 1
        ? { ...frame, payload: CODECS.float32.encode(new Float32Array(frame.header.length).fill(NaN)) }
        : frame,
    );
    push(poisoned);
    expect([rejected, answers]).toEqual([[[1, 'NOT_FINITE']], []]);
    for (const shard of shards) shard.refuse(1, 'NOT_FINITE', null);
    expect(answers.map(({ outcome, slices }) => [outcome, slices])).toEqual([['NOT_FINITE', undefined]]);
  });

  it('[CM2] stage nothing of a push with a slice too few or too many', () => {
    const { push, answers, frames, staged } = grouped();
    push(frames.slice(1));
    push([...frames, ...frames.slice(0, 1)]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['MALFORMED', 'MALFORMED']);
    expect(staged).toEqual([]);
  });

  it('[CM6] give a pull the slices of one version, and none where one shard has it no more', () => {
    const { group, answers, answer, shards } = grouped();
    group.pull(0, answer);
    expect(answers.map(versionsOf)).toEqual([[0, 3]]);
    for (let version = 1; version <= 20; version++) {
      shards[1]?.commit({ type: 'update', version, rule: { shape: 'weighing' }, members: [] });
    }
    group.pull(0, answer);
    expect(answers[1]).toMatchObject({ outcome: 'VERSION_GONE' });
    expect(answers[1]?.slices).toBeUndefined();
  });

  it('[PR1] answer all that they hold when they are abandoned', () => {
    const { group, push, answers, answer } = grouped();
    push();
    group.pull(1, answer);
    group.abandon();
    expect(answers.map(({ outcome }) => outcome)).toEqual(['WITHDRAWN', 'VERSION_GONE']);
  });
});
