import { expect, it } from 'vitest';
import { WrongShares } from './wrongShares.ts';

function sharesOf(...weights: number[]): WrongShares {
  const shares = new WrongShares();
  const members = weights.map((weight, index) => ({ lease: index + 1, weight }));
  shares.committed({ type: 'update', version: 7, rule: { shape: 'weighing' }, members });
  return shares;
}

it('[GU8] names a commit once half of its weight was found wrong', () => {
  const shares = sharesOf(0.25, 0.25, 0.5);
  expect([shares.foundWrong(1), shares.foundWrong(2)]).toEqual([null, 7]);
});

it('[GU8] counts a negative weight as its size', () => {
  expect(sharesOf(-0.6, 0.4).foundWrong(1)).toBe(7);
});

it('[GU8] says nothing of a lease that was never applied', () => {
  expect(sharesOf(1).foundWrong(2)).toBeNull();
});

it('[GU8] counts each commit on its own', () => {
  const shares = sharesOf(0.4, 0.6);
  const members = [
    { lease: 3, weight: 0.4 },
    { lease: 4, weight: 0.6 },
  ];
  shares.committed({ type: 'update', version: 8, rule: { shape: 'weighing' }, members });
  expect([shares.foundWrong(1), shares.foundWrong(3), shares.foundWrong(4)]).toEqual([null, null, 8]);
});
