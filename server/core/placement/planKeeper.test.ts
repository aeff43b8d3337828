import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtualClock.ts';
import { uniform } from './methods.ts';
import type { PlacementMethod } from '../../../shared/protocol/placement.ts';
import { rateOf, roundMs } from './plan.ts';
import { NO_PLAN } from './planner.ts';
import { PlanKeeper } from './planKeeper.ts';
import { PlanningKeys } from './planningKeys.ts';
import { deviceOf, SHAPE } from './testing/devices.ts';
import { UnitTimes } from '../crowd/unitTimes.ts';

/** Too little for both devices, so that the solver is asked. */
const LINK = 1500;

/** A keeper of plans for two devices that take 50 ms for the default unit, and a record of its plans. */
function keeper(method: PlacementMethod = 'uniform') {
  const clock = new VirtualClock();
  const paced = ['a', 'b'].map((id) => ({ id, times: new UnitTimes() }));
  for (const { times } of paced) for (let unit = 0; unit < 5; unit++) times.measured(480, 50);
  const asked = paced.map(({ id }) => deviceOf(id, 480 / 50e-3, 0));
  const planningKeys = new PlanningKeys();
  for (const { id } of paced) planningKeys.note(id, 'known');
  /** When each plan was started. */
  const started: number[] = [];
  let tellMade: () => void = () => undefined;
  /** What the solver waits for, for the plan that is being made and for the next. */
  let held: Promise<unknown> = Promise.resolve();
  let heldNext = held;
  const kept = new PlanKeeper(
    { method, shape: method === 'ilp' ? { ...SHAPE, link: LINK } : SHAPE, budgetMs: 100, repeatable: false },
    {
      clock,
      solve: () => held.then(() => ({ chosen: null, status: 'no solver here' })),
    },
    {
      devices: () => paced,
      asked: () => {
        started.push(clock.now());
        held = heldNext;
        return asked;
      },
      planningKeys,
      made: () => tellMade(),
    },
  );
  /** Does this, and waits for the plan that it leads to. */
  const planned = async (act: () => void) => {
    const made = new Promise<void>((resolve) => (tellMade = resolve));
    act();
    await made;
  };
  const renewed = () =>
    planned(() => {
      clock.advance(10_000);
      kept.renew();
    });
  /** The solver has no answer for the next plan until it is released. */
  const holdSolver = () => {
    let release: () => void = () => undefined;
    heldNext = new Promise<void>((resolve) => (release = resolve));
    return () => release();
  };
  /** The first device turns out to be slower by this factor than it was last. */
  const slow = (times: number) => {
    const [device] = paced;
    if (device === undefined) throw new Error('there is no device');
    const ms = times * (device.times.expectedMs(480) ?? 0);
    // One alone would be noise.
    for (let unit = 0; unit < 5; unit++) device.times.measured(480, ms);
    kept.measured(device);
  };
  return { clock, kept, asked, planningKeys, started, planned, renewed, holdSolver, slow };
}

it('[PL4] judges plans with what rounds took beyond their slowest unit', async () => {
  const { clock, kept, asked, renewed } = keeper();
  await renewed();
  const plain = uniform(asked, SHAPE);
  expect(roundMs(plain, SHAPE)).toBeCloseTo(50);
  expect(kept.plan.values.uniform).toBeCloseTo(1000 * rateOf(plain, SHAPE));
  kept.committed(['a', 'b']);
  for (let round = 0; round < 20; round++) {
    clock.advance(80);
    kept.committed(['a', 'b']);
  }
  expect(kept.roundOverheadMs).toBeCloseTo(30);
  // A round with a device that is being measured tells nothing.
  clock.advance(140);
  kept.committed(['a', 'c']);
  expect(kept.roundOverheadMs).toBeCloseTo(30);
  kept.forget();
  await renewed();
  // So does one in which another plan came into force.
  kept.committed(['a', 'b']);
  expect(kept.roundOverheadMs).toBeCloseTo(30);
  expect(kept.plan.values.uniform).toBeCloseTo(1000 * rateOf(plain, { ...SHAPE, roundOverheadMs: 30 }));
});

describe('when plans are made', () => {
  it('[PL34] is 250 ms after the one before, and ever later while paces alone change, up to 4 s', async () => {
    const { clock, kept, started, planned, slow } = keeper();
    await planned(() => kept.renew());
    for (const rest of [250, 500, 1000, 2000, 4000, 4000]) {
      const before = started.length;
      slow(2);
      clock.advance(rest - 1);
      expect(started).toHaveLength(before);
      await planned(() => clock.advance(1));
      expect(started).toHaveLength(before + 1);
    }
    // What may be asked of a device changed: soon again.
    clock.advance(249);
    kept.renew();
    expect(started).toHaveLength(7);
    await planned(() => clock.advance(1));
    expect(started).toHaveLength(8);
    slow(2);
    await planned(() => clock.advance(250));
    expect(started).toHaveLength(9);
  });

  it('[PL12] is not for a pace that changes by less than a tenth', async () => {
    const { clock, kept, started, planned, slow } = keeper();
    await planned(() => kept.renew());
    slow(1.05);
    clock.advance(10_000);
    expect(started).toHaveLength(1);
  });

  it('[PL12] is once more after one that was being made when things changed, however often they did', async () => {
    const { clock, kept, started, planned, holdSolver } = keeper('ilp');
    const release = holdSolver();
    kept.renew();
    for (let time = 0; time < 3; time++) kept.renew();
    clock.advance(100);
    kept.renew();
    expect(started).toEqual([0]);
    await planned(release);
    expect(kept.number).toBe(1);
    clock.advance(149);
    expect(started).toEqual([0]);
    await planned(() => clock.advance(1));
    clock.advance(10_000);
    expect(started).toEqual([0, 250]);
  });
});

it('[PL12] makes no plan while another is being made, however long that takes', async () => {
  const { clock, kept, started, planned, holdSolver } = keeper('ilp');
  const release = holdSolver();
  kept.renew();
  kept.renew();
  clock.advance(300);
  expect(started).toEqual([0]);
  await planned(release);
  await planned(() => undefined);
  expect(started).toEqual([0, 300]);
});

describe('a plan in force', () => {
  it('says how long it took to make, by the clock', async () => {
    const { clock, kept, planned, holdSolver } = keeper('ilp');
    const release = holdSolver();
    kept.renew();
    clock.advance(40);
    await planned(release);
    expect(kept.tookMs).toBe(40);
  });

  it('[PL12] is none after everything was forgotten, not even one that was being made by then', async () => {
    const { clock, kept, started, planned, holdSolver } = keeper('ilp');
    const release = holdSolver();
    kept.renew();
    kept.forget();
    kept.renew();
    const again = holdSolver();
    release();
    // The next one is started only when the one that was forgotten is done.
    await expect
      .poll(() => {
        clock.advance(250);
        return started.length;
      })
      .toBe(2);
    expect([kept.plan, kept.number]).toEqual([NO_PLAN, 0]);
    await planned(again);
    expect(kept.number).toBe(1);
    expect(kept.plan.options.length).toBeGreaterThan(0);
  });

  it('[PL12] is replaced at once when what may be asked of a device in it changes', async () => {
    const { kept, planningKeys, planned, clock } = keeper();
    await planned(() => kept.renew());
    expect(kept.countsOn('a')).toBe(true);
    planningKeys.note('a', 'told otherwise');
    expect(kept.countsOn('a')).toBe(false);
    // The new plan is no better than the old one, which was valid for what was asked before.
    await planned(() => {
      clock.advance(250);
      kept.renew();
    });
    expect([kept.countsOn('a'), kept.number]).toEqual([true, 2]);
  });

  it('[PL35] stays where the same may be asked of the same devices and nothing better was found', async () => {
    const { kept, renewed } = keeper();
    await renewed();
    await renewed();
    expect(kept.number).toBe(1);
  });
});
