import { describe, expect, it } from 'vitest';
import { AUDITS_TO_TRUST } from '../crowd/trust.ts';
import { syncPolicy } from '../testing/policies.ts';
import type { Tampering } from '../testing/scriptedDevice.ts';
import { World } from '../testing/world.ts';

const TRIPLED: Tampering = { values: (values) => values.map((each) => 3 * each) };

/** A round of three devices by the rule `auto`, of which the last sends three times its update. @returns the weights. */
function roundOf(...vouched: boolean[]) {
  const world = new World({ policy: syncPolicy(), aggregation: 'auto' });
  const crew = vouched.map((each) => world.device({ unitMs: null, vouched: each }).join().ready());
  for (const { id } of crew) {
    for (let audit = 0; audit < AUDITS_TO_TRUST; audit++) world.crowd.audited(id, 'right', 'it is right');
    expect(world.crowd.get(id)?.trust).toBe('trusted');
  }
  world.coordinator.start();
  world.wire.drain();
  crew.forEach((device, index) => device.pushNow(device.lease, index === 2 ? TRIPLED : undefined));
  const [record] = world.recorder.records;
  return record?.type === 'update' ? record.members.map(({ weight }) => weight) : [];
}

/** What new devices that agree weigh, beside three trusted ones, in a round by the geometric median. */
function weightOfStrangers(count: number): number {
  const policy = syncPolicy({ roundSize: 3 + count });
  const world = new World({ policy, aggregation: 'geometricMedian' });
  const join = () => world.device({ unitMs: null }).join().ready();
  const trusted = [join(), join(), join()];
  const strangers = Array.from({ length: count }, join);
  world.coordinator.start();
  world.wire.drain();
  // Now that all have leases: later on strangers would have fewer.
  for (const { id } of trusted) {
    for (let audit = 0; audit < AUDITS_TO_TRUST; audit++) world.crowd.audited(id, 'right', 'it is right');
  }
  const leases = new Set(strangers.map(({ lease }) => lease.terms.lease));
  for (const device of trusted) device.pushNow(device.lease);
  const same = new Float32Array(1000).fill(0.1);
  for (const device of strangers) device.pushNow(device.lease, {}, same);
  const members = world.recorder.membersAt(1).filter(({ lease }) => leases.has(lease));
  expect(members).toHaveLength(count);
  return members.reduce((sum, { weight }) => sum + weight, 0);
}

describe('a commit by the geometric median', () => {
  it('[TS15] is not taken over by new devices that agree, since their samples are held down before', () => {
    expect(weightOfStrangers(12)).toBeLessThan(0.2);
  });
});

describe('a commit by the rule auto', () => {
  it('[AG24] is the mean, where the operator vouches for all devices', () => {
    expect(roundOf(true, true, true)).toEqual([1, 1, 1].map((each) => Math.fround(each / 3)));
  });

  it('[AG24] is the geometric median where one only earned its trust', () => {
    const [first = 0, second = 0, tripled = 0] = roundOf(true, true, false);
    expect(tripled).toBeLessThan(Math.min(first, second));
  });
});
