import { expect, it } from 'vitest';
import { accuracyRange, lossRange, plot, xRange } from './chartData.ts';

const at = (version: number, seconds: number) => ({
  version,
  samples: version * 100,
  seconds,
  testAccuracy: version / 100,
  testLoss: 1 / version,
});

it('plots against time in a unit that fits, and against samples', () => {
  const short = [at(1, 30), at(2, 90)];
  expect(plot(short, 'testAccuracy', 'time')).toEqual({
    xs: [30, 90],
    ys: [0.01, 0.02],
    xLabel: 'Time (s)',
    where: ['at 30 s', 'at 1 min 30 s'],
  });
  expect(plot([at(1, 30), at(2, 600)], 'testLoss', 'time')).toMatchObject({
    xs: [0.5, 10],
    xLabel: 'Time (min)',
  });
  expect(plot([at(1, 0), at(2, 14400)], 'testLoss', 'time')).toMatchObject({
    xs: [0, 4],
    xLabel: 'Time (h)',
  });
  expect(plot(short, 'testLoss', 'samples')).toMatchObject({ xs: [100, 200], ys: [1, 0.5] });
  expect(plot([], 'testLoss', 'samples').xs).toEqual([]);
});

it('plots in ascending order and leaves what it was given alone', () => {
  const given = [at(2, 90), at(1, 30)];
  expect(plot(given, 'testAccuracy', 'time').xs).toEqual([30, 90]);
  expect(given.map(({ seconds }) => seconds)).toEqual([90, 30]);
});

it('keeps every range wider than nothing', () => {
  expect(accuracyRange(0.12)).toEqual([0.1, 1]);
  expect(accuracyRange(0)).toEqual([0, 1]);
  expect(accuracyRange(1)).toEqual([0.9, 1]);
  expect(lossRange(0)).toEqual([0, 1]);
  expect(xRange(0)).toEqual([0, 1]);
});
