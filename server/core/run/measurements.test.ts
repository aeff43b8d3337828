import { expect, it } from 'vitest';
import { Measurements } from './measurements.ts';

const measurement = (version: number) => ({
  version,
  samples: version,
  seconds: version,
  testAccuracy: version / 100_000,
  testLoss: 1,
});

it('[EV4] a server that goes on from very many measurements has few of them, as the one before had', () => {
  const all = Array.from({ length: 20_000 }, (_, index) => measurement(index + 1));
  const before = new Measurements([]);
  for (const each of all) before.add(each);
  const after = new Measurements(all);
  expect(after.all.length).toBeLessThanOrEqual(1000);
  expect(after.all).toEqual(before.all);
  expect(after.last).toEqual(all.at(-1));
});
