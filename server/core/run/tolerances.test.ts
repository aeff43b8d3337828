import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODEC_NAMES } from '../../../shared/codec/codecs.ts';
import { REPORTED_ENGINES } from '../../../shared/profile/profile.ts';
import { AUDIT_VERDICTS } from '../../../shared/protocol/trust.ts';
import { toleranceOf, verdictOf, type Made } from './tolerances.ts';

const GRADIENT: Made = { engine: 'wasm', steps: 1, codec: 'float32' };
const made = fc.record<Made>({
  engine: fc.constantFrom(...REPORTED_ENGINES),
  steps: fc.integer({ min: 1, max: 10_000 }),
  codec: fc.constantFrom(...CODEC_NAMES),
});
const steps = (count: number, rest: Partial<Made> = {}): Made => ({ ...GRADIENT, steps: count, ...rest });

describe('the verdict of an audit', () => {
  it('[AT11] is right of what is near, wrong of what is far or points elsewhere, unclear in between', () => {
    const verdict = (relative: number, cosine: number) =>
      verdictOf({ relative, cosine, spread: 0, isRounding: false }, GRADIENT);
    expect(verdict(0.02, 1)).toBe('right');
    expect(verdict(0.021, 1)).toBe('unclear');
    expect(verdict(0.29, 0.95)).toBe('unclear');
    expect(verdict(0.3, 0.95)).toBe('wrong');
    expect(verdict(0.29, 0.89)).toBe('wrong');
  });

  it('[AT11] allows for more after more local steps, which amplify the rounding', () => {
    const verdict = (count: number) =>
      verdictOf({ relative: 0.7, cosine: 0.75, spread: 0, isRounding: false }, steps(count));
    expect([1, 10, 11, 100, 101, 480, 481, 10_000].map(verdict)).toEqual([
      ...['wrong', 'wrong', 'unclear', 'unclear', 'unclear', 'unclear', 'unclear', 'unclear'],
    ]);
    const far = (count: number) =>
      verdictOf({ relative: 0.85, cosine: 0.6, spread: 0, isRounding: false }, steps(count));
    expect([100, 101, 480, 481].map(far)).toEqual(['wrong', 'unclear', 'unclear', 'unclear']);
  });

  it('[AT11] allows for what a codec and a coarse engine round away', () => {
    const verdict = (rest: Partial<Made>) =>
      verdictOf({ relative: 0.03, cosine: 1, spread: 0, isRounding: false }, steps(1, rest));
    expect(verdict({})).toBe('unclear');
    expect(verdict({ codec: 'float16' })).toBe('right');
    expect(verdict({ engine: 'tfjs-webgl' })).toBe('right');
  });

  it('[AT11] is right of what is no farther than the server’s own results are from each other, and never wrong then', () => {
    const verdict = (relative: number, cosine: number, spread: number) =>
      verdictOf({ relative, cosine, spread, isRounding: false }, steps(480));
    expect(verdict(0.3, 0.95, 0.3)).toBe('right');
    expect(verdict(0.3, 0.95, 0.29)).toBe('unclear');
    expect(verdict(1, 0, 1)).toBe('unclear');
    expect(verdict(1, 0, 0.99)).toBe('wrong');
    expect(verdict(2, -1, 3)).toBe('unclear');
  });

  it('[AT11] accuses nobody of what rounding may make of a small update', () => {
    const verdict = (relative: number) =>
      verdictOf({ relative, cosine: 0, spread: 0, isRounding: true }, GRADIENT);
    expect([verdict(0.01), verdict(0.5), verdict(3)]).toEqual(['right', 'unclear', 'unclear']);
  });

  it('[AT11] accuses nobody where the distance is no number', () => {
    for (const relative of [NaN, Infinity]) {
      expect(verdictOf({ relative, cosine: 0, spread: 0, isRounding: false }, GRADIENT)).toBe('unclear');
    }
  });

  it('[AT11] flipped signs, zeros, and a model of ten times the size are wrong, whatever the engine, steps and codec', () => {
    fc.assert(
      fc.property(made, fc.double({ min: 0, max: 0.99, noNaN: true }), (of, spread) => {
        const verdict = (relative: number, cosine: number) =>
          verdictOf({ relative, cosine, spread, isRounding: false }, of);
        expect([verdict(2, -1), verdict(1, 0), verdict(9, 1)]).toEqual(['wrong', 'wrong', 'wrong']);
        expect(verdict(1e-5, 1)).toBe('right');
      }),
    );
  });

  it('[AT11] never gets worse the nearer an update is', () => {
    const rank = { right: 0, unclear: 1, wrong: 2 } as const;
    expect(Object.keys(rank).toSorted()).toEqual([...AUDIT_VERDICTS].toSorted());
    const distance = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(made, distance, distance, distance, (of, left, right, spread) => {
        const verdict = (relative: number) =>
          rank[verdictOf({ relative, cosine: 0.95, spread, isRounding: false }, of)];
        expect(verdict(Math.min(left, right))).toBeLessThanOrEqual(verdict(Math.max(left, right)));
      }),
    );
    expect(toleranceOf(steps(1e9)).right).toBe(0.02);
  });
});
