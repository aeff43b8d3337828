import { expect, it } from 'vitest';
import { thorough } from '../../../shared/testing/thorough.ts';
import { Simulation } from '../testing/simulation.ts';

/** `npm run prove` plays twenty thousand more. */
const SEEDS = thorough ? 1000 : 300;

it('[PR1] [CM1] [CM2] [UP4] [RN4] [LS9] random histories keep every invariant, and nobody starves', () => {
  let commits = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const simulation = new Simulation(seed);
    simulation.run();
    commits += simulation.commits;
  }
  // The histories are worth something only if training goes on in them.
  expect(commits).toBeGreaterThan(10 * SEEDS);
});

it('[PO1] a history is the same each time it is run', () => {
  const one = new Simulation(11);
  const other = new Simulation(11);
  one.run();
  other.run();
  expect(one.world.recorder.records).toEqual(other.world.recorder.records);
  expect(one.world.parameters).toEqual(other.world.parameters);
});
