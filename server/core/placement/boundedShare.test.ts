import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtualClock.ts';
import { asyncPolicy, LIMITS, syncPolicy } from '../testing/policies.ts';
import type { Policy } from '../policy/policy.ts';
import type { ScriptedDevice } from '../testing/scriptedDevice.ts';
import { World } from '../testing/world.ts';
import { AWAY_MS, BoundedShare, type Asking } from './boundedShare.ts';
import { pace, planned } from './testing/planned.ts';

const samplesOf = (devices: readonly ScriptedDevice[]) =>
  devices.flatMap(({ leases }) => leases).reduce((sum, { terms }) => sum + terms.samples, 0);

/** Devices that compute nothing and answer at once, beside those that do their work. */
function beside(policy: Policy = asyncPolicy()) {
  const world = new World({ policy });
  const others = [100, 130].map((unitMs) => world.device({ unitMs, vouched: true }).join().ready());
  const bounded = Array.from({ length: 6 }, () => world.device({ unitMs: 1 }).join().ready());
  world.coordinator.start();
  return { world, others, bounded };
}

describe('the share of bounded devices', () => {
  it('[TS16] is never more than half of what others are granted, beyond what the bucket holds', () => {
    const asking = fc.record({ isBounded: fc.boolean(), samples: fc.integer({ min: 1, max: 100 }) });
    const rounds = fc.array(fc.array(asking, { maxLength: 8 }), { maxLength: 60 });
    fc.assert(
      fc.property(rounds, fc.integer({ min: 1, max: 5 }), (asked, workers) => {
        const share = new BoundedShare(new VirtualClock(), () => undefined);
        const others = [{ isActive: true, workers, samples: 100 }];
        const granted = { bounded: 0, others: 0 };
        for (const round of asked) {
          for (const worker of share.admit(round, () => others)) {
            share.granted(worker);
            granted[worker.isBounded ? 'bounded' : 'others'] += worker.samples;
          }
          expect(granted.bounded).toBeLessThanOrEqual(granted.others / 2 + Math.max(50 * workers, 100));
        }
      }),
    );
  });

  it('[TS16] goes to who waits first, also where its unit is the largest', () => {
    const share = new BoundedShare(new VirtualClock(), () => undefined);
    const others = () => [{ isActive: true, workers: 1, samples: 10 }];
    const large: Asking = { isBounded: true, samples: 30 };
    const small: Asking = { isBounded: true, samples: 5 };
    for (const worker of share.admit([large], others)) share.granted(worker);
    expect(share.admit([large, small], others)).toEqual([]);
    share.granted({ isBounded: false, samples: 60 });
    expect(share.admit([large, small], others)).toEqual([large]);
  });

  it.each([
    ['async', () => asyncPolicy()],
    ['sync', () => syncPolicy()],
  ])('[TS16] is a third of all samples at most, however fast they answer: %s', (_, policy) => {
    const { world, others, bounded } = beside(policy());
    world.pass(30_000);
    const part = samplesOf(bounded) / samplesOf([...others, ...bounded]);
    expect(part).toBeLessThan(0.35);
    expect(part).toBeGreaterThan(0.25);
    expect(bounded.every(({ leases }) => leases.length > 2)).toBe(true);
  });

  it('[TS16] a round of a fixed number of updates does not wait for who is held back', () => {
    const { world, others } = beside(syncPolicy({ roundSize: 8 }));
    world.pass(30_000);
    expect(samplesOf(others)).toBeGreaterThan(150 * 32);
  });

  it('[TS16] is all of it where nobody else is there, or all others are silent', () => {
    const { world, others, bounded } = beside();
    world.pass(1000);
    for (const device of others) device.vanish();
    const silent = world.device({ unitMs: null, vouched: true }).join().ready();
    world.pass(LIMITS.capMs);
    const held = samplesOf(bounded);
    world.pass(AWAY_MS + 1000);
    expect(silent.leases).toHaveLength(1);
    expect(samplesOf(bounded) - held).toBeGreaterThan(100 * 32);
  });

  it('[TS16] ends with the state: who becomes trusted is held back no more', () => {
    const { world, bounded } = beside();
    const [one] = bounded;
    if (one === undefined) throw new Error('six joined');
    for (let audit = 0; audit < 10; audit++)
      world.crowd.audited(one.id, 'right', 'it is what the unit gives');
    world.pass(5000);
    expect(samplesOf([one])).toBeGreaterThan(90 * 32);
  });
});

it('[TS18] in a repeatable run all devices have their turn', () => {
  const world = new World({ policy: syncPolicy({ roundSize: 3, rounds: 'complete' }), repeatable: true });
  const devices = [true, false, false].map((vouched) => world.device({ unitMs: 50, vouched }).join().ready());
  world.coordinator.start();
  world.pass(6000);
  expect(samplesOf(devices.slice(1)) / samplesOf(devices)).toBeGreaterThan(0.6);
});

describe('the plan', () => {
  it('[TS17] is made for others alone: bounded devices that answer at once set the pace of nobody else', async () => {
    const { world, pass, allocation } = planned();
    const others = [1, 2].map((ms) =>
      world
        .device({ ...pace(ms), vouched: true })
        .join()
        .ready(),
    );
    const fast = world.readyDevices(4, pace(0.001));
    const [one] = others;
    if (one === undefined) throw new Error('two joined');
    await pass(10_000);
    expect(others.map((device) => allocation(device).role)).toEqual(['train', 'train']);
    expect(allocation(one).localSteps).toBe(16);
    for (const device of fast) expect(allocation(device)).toMatchObject({ role: 'probe', localSteps: 4 });
    expect(fast.map((device) => allocation(device).why.join())).toEqual(
      fast.map(() => expect.stringContaining('new: small units') as string),
    );
    const part = samplesOf(fast) / samplesOf([...fast, ...others]);
    expect(part).toBeLessThan(0.35);
    expect(part).toBeGreaterThan(0.05);
  });

  it('[TS21] is made for all where one of many earned its trust, and nothing is held back for that', async () => {
    const { world, pass, allocation } = planned();
    const [first, ...others] = world.readyDevices(6, pace(1));
    if (first === undefined) throw new Error('six joined');
    for (let audit = 0; audit < 10; audit++)
      world.crowd.audited(first.id, 'right', 'it is what the unit gives');
    await pass(10_000);
    expect(others.map((device) => allocation(device).role)).toEqual(others.map(() => 'train'));
    expect(samplesOf(others) / samplesOf([first, ...others])).toBeGreaterThan(0.7);
  });

  it('[PL40] bounded devices, and those that only lose their leases, take no data shard from others', async () => {
    const { world, pass, allocation } = planned();
    const others = [1, 2].map((ms) =>
      world
        .device({ ...pace(ms), vouched: true })
        .join()
        .ready(),
    );
    const silent = world.device({ unitMs: null, vouched: true }).join().ready();
    const bounded = world.readyDevices(20, pace(1));
    await pass(40_000);
    const heldBy = (devices: readonly ScriptedDevice[]) =>
      devices.flatMap((device) => allocation(device).dataShards).toSorted();
    expect(heldBy(others)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(heldBy([silent, ...bounded]))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  it('[TS17] leaves a device out once another that is not bounded has come, and takes it in once it is trusted', async () => {
    const { world, pass, allocation } = planned();
    const [first] = world.readyDevices(1, pace(0.5));
    if (first === undefined) throw new Error('one joined');
    await pass(3000);
    expect(allocation(first).role).toBe('train');
    const other = world
      .device({ ...pace(1), vouched: true })
      .join()
      .ready();
    await pass(10_000);
    expect([allocation(first).role, allocation(other).role]).toEqual(['probe', 'train']);
    for (let audit = 0; audit < 10; audit++)
      world.crowd.audited(first.id, 'right', 'it is what the unit gives');
    await pass(10_000);
    expect(allocation(first).role).toBe('train');
  });

  it('[TS17] has no work beside it for a bounded device that would hold up its rounds', async () => {
    const { world, pass, allocation } = planned();
    world
      .device({ ...pace(0.1), vouched: true })
      .join()
      .ready();
    const [slow] = world.readyDevices(1, pace(40));
    if (slow === undefined) throw new Error('one joined');
    await pass(20_000);
    expect(allocation(slow).role).toBe('reserve');
    expect(allocation(slow).why.join()).toContain('too slow for a round');
  });
});
