import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MODE_NAMES } from '../../server/core/policy/modes.ts';
import { pairsIn, type RecordedPair } from '../audits/record.ts';
import { play, type PlaySpec } from './play.ts';
import { PairPool } from './pool.ts';
import { devicesTable, verdictsTable } from './table.ts';

const recorded = pairsIn(readFileSync(new URL('../audits/honest.csv', import.meta.url), 'utf8'));
const SIZE = { model: 'lenet', batch: 4, steps: 1000 };
const SPEC: PlaySpec = {
  size: SIZE,
  mode: 'sync',
  server: 'fastest',
  devices: 15,
  hours: 7,
  auditCpu: 0.05,
  seed: 1,
};

it('bars no honest device in 21 hours of units that honest devices compute differently', async () => {
  const pool = new PairPool(recorded);
  const results = [];
  for (const mode of MODE_NAMES) results.push(await play({ ...SPEC, mode }, pool));
  for (const { units, commits, verdicts, barred } of results) {
    expect(Math.min(units, commits)).toBeGreaterThan(50);
    expect(verdicts['wasm, rounding otherwise'].right).toBeGreaterThan(0);
    expect(barred).toBe(0);
  }
  expect(devicesTable(results).split('\n').at(-1)).toMatch(/^\| all \| 21 \| 45 \|.*\| 0 \|$/);
  expect(verdictsTable(results).split('\n')).toHaveLength(2 + 5);
});

it('bars those whose updates are far from all that the server computes', async () => {
  const far = { relative: 2, cosine: -1, spread: 0, isRounding: false };
  const lies = recorded.map((pair): RecordedPair =>
    pair.who === 'webgpu' ? { ...pair, first: far, both: far } : pair,
  );
  const { barred, suspected } = await play({ ...SPEC, size: { ...SIZE, steps: 1 } }, new PairPool(lies));
  expect([barred, suspected]).toEqual([3, 3]);
});

it('is the same each time for one seed', async () => {
  const pool = new PairPool(recorded);
  const spec = { ...SPEC, hours: 1 };
  const { units, verdicts } = await play(spec, pool);
  expect(await play(spec, pool)).toMatchObject({ units, verdicts });
  expect((await play({ ...spec, seed: 2 }, pool)).units).not.toBe(units);
});
