import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCell, type CellSpec } from './cell.ts';
import { openWorkshop, type Workshop } from './testBed.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.close());

const CELL: CellSpec = {
  attack: 'flip10',
  devices: 3,
  hostile: 1,
  mode: 'sync',
  defences: 'none',
  rule: 'mean',
  seed: 1,
  settings: [],
  data: 'server',
  samples: 10_000,
};

it('[AG7] [AG19] with one of three devices hostile the mean learns nothing, and a rule that resists it learns', async () => {
  const byMean = await runCell(CELL, workshop);
  const byMedian = await runCell({ ...CELL, rule: 'median' }, workshop);
  expect(byMean.accuracy).toBeLessThan(0.2);
  expect(byMedian.accuracy).toBeGreaterThan(0.8);
  expect(byMedian.honestBarred).toBe(0);
});
