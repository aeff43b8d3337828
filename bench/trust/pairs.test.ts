import { describe, expect, it } from 'vitest';
import type { CellResult } from './cell.ts';
import { deviationOf, pairedOf, pairsTable } from './pairs.ts';

const cell = (seed: number, defences: CellResult['defences'], accuracy: number): CellResult => ({
  attack: null,
  devices: 3,
  hostile: 1,
  mode: 'sync',
  defences,
  rule: null,
  settings: [],
  data: 'server',
  seed,
  samples: 100,
  accuracy,
  samplesToTarget: null,
  worstFall: 0,
  barredAfter: [],
  neverBarred: 1,
  honestBarred: 0,
  commits: 9,
  restores: 0,
  seconds: 1,
});

describe('pairs of cells with and without defences', () => {
  it('are of one seed each, in the order of the seeds', () => {
    const [pair] = pairedOf([
      cell(2, 'all', 0.97),
      cell(1, 'none', 0.98),
      cell(2, 'none', 0.96),
      cell(1, 'all', 0.97),
    ]);
    expect(pair?.accuracies).toEqual({ none: [0.98, 0.96], all: [0.97, 0.97] });
    expect(pair?.differences.map((points) => points.toFixed(2))).toEqual(['-1.00', '1.00']);
  });

  it('leave out a seed that has one cell, and have a line with mean and deviation', () => {
    const results = [
      cell(1, 'none', 0.98),
      cell(1, 'all', 0.97),
      cell(2, 'none', 0.96),
      cell(2, 'all', 0.97),
    ];
    expect(pairsTable([...results, cell(3, 'all', 0.5)]).split('\n')[2]).toBe(
      '| honest | 3 | sync | 97.00 | 97.00 | +0.00 | 1.41 | -1.00, +1.00 |',
    );
    expect(pairedOf([cell(3, 'all', 0.5)])).toEqual([]);
  });

  it('have the deviation of a sample', () => {
    expect(deviationOf([1, 2, 3])).toBe(1);
  });
});
