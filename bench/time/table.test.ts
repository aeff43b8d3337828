import { describe, expect, it } from 'vitest';
import type { Job } from './job.ts';
import { rowsOf, tableOf } from './table.ts';

/** Jobs of one row with the seeds from 1; seconds of the command, of which all but two are training. */
function jobs(
  side: Job['side'],
  averaging: Job['averaging'],
  seconds: number[],
  changes: Partial<Job> = {},
): Job[] {
  return seconds.map((commandSeconds, index) => ({
    side,
    averaging,
    seed: index + 1,
    testAccuracy: 0.985,
    samples: 1000 * commandSeconds,
    commandSeconds,
    trainSeconds: commandSeconds - 2,
    ...changes,
  }));
}

describe('rows', () => {
  it('have the median, the least and the most of their seeds, however jobs are mixed', () => {
    const tabs = jobs('tabs', 'on', [9, 10, 8]);
    const ray = jobs('ray-gradients', 'on', [30, 20, 100]);
    const mixed = tabs.flatMap((job, index) => [ray[index] as Job, job]).reverse();
    const [own, peer] = rowsOf(mixed);
    expect(own).toMatchObject({ side: 'tabs', averaging: 'on', seeds: [1, 2, 3], reached: 3 });
    expect(own?.command).toEqual({ median: 9, min: 8, max: 10 });
    expect(own?.training).toEqual({ median: 7, min: 6, max: 8 });
    expect(own?.samples).toEqual({ median: 9000, min: 8000, max: 10000 });
    expect(peer?.command).toEqual({ median: 30, min: 20, max: 100 });
  });

  it('are apart for jobs with and without averaging', () => {
    const rows = rowsOf([...jobs('tabs', 'off', [12]), ...jobs('tabs', 'on', [8])]);
    expect(rows.map(({ averaging, command }) => [averaging, command.median])).toEqual([
      ['on', 8],
      ['off', 12],
    ]);
  });

  it('are compared with the fastest row of Ray, by the whole command and by training each', () => {
    const rows = rowsOf([
      ...jobs('tabs', 'on', [10]),
      ...jobs('ray-gradients', 'on', [20], { trainSeconds: 16 }),
      ...jobs('ray-local-steps', 'off', [25], { trainSeconds: 4 }),
      ...jobs('node-workers', 'off', [50]),
    ]);
    const ratios = rows.map(({ side, commandRatio, trainingRatio }) => [side, commandRatio, trainingRatio]);
    expect(ratios).toEqual([
      ['tabs', 2, 0.5],
      ['node-workers', 0.4, 0.08],
      ['ray-gradients', 1, 0.25],
      ['ray-local-steps', 0.8, 1],
    ]);
  });

  it('count a job that misses the target as slower than any other, not as fast', () => {
    const missed = jobs('tabs', 'off', [3], { testAccuracy: 0.9849, seed: 3 });
    const [one] = rowsOf([...jobs('tabs', 'off', [9, 11]), ...missed, ...jobs('ray-gradients', 'on', [22])]);
    expect(one).toMatchObject({ reached: 2, command: { median: 11, min: 9, max: null }, commandRatio: 2 });
    const [two] = rowsOf([
      ...jobs('tabs', 'off', [9]),
      ...missed,
      ...missed,
      ...jobs('ray-gradients', 'on', [22]),
    ]);
    expect(two).toMatchObject({
      reached: 1,
      command: { median: null, min: 9, max: null },
      commandRatio: null,
    });
  });

  it('have no ratio where no row of Ray reached the target, or none ran', () => {
    const missed = jobs('ray-gradients', 'on', [20], { testAccuracy: 0.9 });
    for (const others of [[], missed]) {
      const [own] = rowsOf([...jobs('tabs', 'on', [10]), ...others]);
      expect(own).toMatchObject({ commandRatio: null, trainingRatio: null });
    }
  });
});

it('the table has a line a row, in columns of one width, and says which jobs missed', () => {
  const rows = rowsOf([
    ...jobs('tabs', 'on', [9, 10, 8]),
    ...jobs('ray-gradients', 'off', [22, 20, 30], { testAccuracy: 0.99 }).slice(0, 2),
    ...jobs('ray-gradients', 'off', [31], { testAccuracy: 0.9, seed: 3 }),
  ]);
  expect(`\n${tableOf(rows)}\n`).toMatchInlineSnapshot(`
    "
    | workers           | averaging | seeds  | whole command, s  | training, s      | samples                 | best Ray / whole | best Ray / training |
    | ----------------- | --------- | ------ | ----------------- | ---------------- | ----------------------- | ---------------- | ------------------- |
    | two headless tabs | on        | 3      | 9.0 (8.0 to 10.0) | 7.0 (6.0 to 8.0) | 9,000 (8,000 to 10,000) | 2.44             | 2.86                |
    | Ray, gradients    | off       | 2 of 3 | 22.0 (20.0 to -)  | 20.0 (18.0 to -) | 22,000 (20,000 to -)    | 1.00             | 1.00                |
    "
  `);
});
