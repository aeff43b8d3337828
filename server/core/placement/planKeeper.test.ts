import { expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtualClock.ts';
import { uniform } from './methods.ts';
import { rateOf, roundMs } from './plan.ts';
import { PlanKeeper } from './planKeeper.ts';
import { Standings } from './standings.ts';
import { deviceOf, SHAPE } from './testing/crowd.ts';
import { UnitTimes } from './unitTimes.ts';

/** A keeper of the recipe's unit for two devices that take 50 ms for it, and what became of its plans. */
function keeper() {
  const clock = new VirtualClock();
  const paced = ['a', 'b'].map((id) => ({ id, times: new UnitTimes() }));
  for (const { times } of paced) for (let unit = 0; unit < 5; unit++) times.measured(480, 50);
  const asked = paced.map(({ id }) => deviceOf(id, 480 / 50e-3, 0));
  const standings = new Standings();
  for (const { id } of paced) standings.note(id, 'known');
  const solve = () => Promise.resolve({ chosen: null, status: 'no solver here' });
  const kept = new PlanKeeper(
    { method: 'uniform', shape: SHAPE, repeatable: false, budgetMs: 100 },
    { clock, solve },
    { devices: () => paced, asked: () => asked, standings, made: () => undefined },
  );
  const renewed = async () => {
    clock.advance(10_000);
    kept.renew();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { clock, kept, asked, renewed };
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
  expect(kept.overrunMs).toBeCloseTo(30);
  // A round in which somebody had a part who is being measured tells nothing.
  clock.advance(140);
  kept.committed(['a', 'c']);
  expect(kept.overrunMs).toBeCloseTo(30);
  kept.forget();
  await renewed();
  // So does one in which another plan came into force.
  kept.committed(['a', 'b']);
  expect(kept.overrunMs).toBeCloseTo(30);
  expect(kept.plan.values.uniform).toBeCloseTo(1000 * rateOf(plain, { ...SHAPE, overrunMs: 30 }));
});
