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

describe('a commit by the rule auto', () => {
  it('[AG24] is the mean, where the operator vouches for all devices', () => {
    expect(roundOf(true, true, true)).toEqual([1, 1, 1].map((each) => Math.fround(each / 3)));
  });

  it('[AG24] is the geometric median where one only earned its trust', () => {
    const [first = 0, second = 0, tripled = 0] = roundOf(true, true, false);
    expect(tripled).toBeLessThan(Math.min(first, second));
  });
});
