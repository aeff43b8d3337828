import { describe, expect, it } from 'vitest';
import { createGenerator } from '../../../shared/random/generator.ts';
import { LossWatch } from './lossWatch.ts';

const judged = (losses: number[], watch = new LossWatch(3)) =>
  losses.map((loss) => (watch.hasJumped(loss) ? 'jumped' : 'steady'));

describe('the loss of a model', () => {
  it('[GU1] is steady as it falls, however fast', () => {
    expect(new Set(judged([2.3, 2.3, 1, 0.1, 0.001, 0]))).toEqual(new Set(['steady']));
  });

  it('[GU1] has jumped where it is no finite number, also the first', () => {
    expect(judged([NaN, Infinity, -Infinity])).toEqual(['jumped', 'jumped', 'jumped']);
  });

  it('[GU1] has jumped above a multiple of the median of the last ones and a margin, and not at it', () => {
    expect(judged([1, 1, 1, 3.5, 3.51]).slice(3)).toEqual(['steady', 'jumped']);
    expect(judged([0, 0, 0, 0.5, 0.51]).slice(3)).toEqual(['steady', 'jumped']);
  });

  it('[GU1] has not jumped before a few losses are known, nor once they are forgotten', () => {
    const watch = new LossWatch(3);
    expect(judged([0.1, 0.1, 9], watch)).toEqual(['steady', 'steady', 'steady']);
    watch.forget();
    expect(watch.usual).toBeUndefined();
    expect(judged([20], watch)).toEqual(['steady']);
  });

  it('[GU1] is compared with the last fifteen alone', () => {
    const early = Array.from({ length: 30 }, () => 5);
    expect(judged([...early, ...Array.from({ length: 15 }, () => 0.1), 2]).at(-1)).toBe('jumped');
    expect(judged([...early, ...Array.from({ length: 7 }, () => 0.1), 2]).at(-1)).toBe('steady');
  });

  it('[GU1] that jumped is no part of what is usual: a model that stays bad is never taken for a good one', () => {
    const watch = new LossWatch(3);
    judged([0.2, 0.2, 0.2], watch);
    expect(
      new Set(
        judged(
          Array.from({ length: 50 }, () => 5),
          watch,
        ),
      ),
    ).toEqual(new Set(['jumped']));
    expect(watch.usual).toBe(0.2);
  });

  it('[GU1] that wavers by half around a falling course is steady', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = createGenerator(seed);
      const losses = Array.from(
        { length: 200 },
        (_, index) => (2.3 / (1 + index / 10)) * (0.5 + random.float()),
      );
      expect(new Set(judged(losses))).toEqual(new Set(['steady']));
    }
  });
});
