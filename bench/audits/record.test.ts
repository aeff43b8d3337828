import { expect, it } from 'vitest';
import { pairsIn, pairsOf, recordingOf } from './record.ts';

const where = { who: 'webgpu', model: 'lenet', batch: 4, steps: 10 };
const base = Float32Array.of(1, 1);
const own = { strict: Float32Array.of(1, 0), fastest: Float32Array.of(1, 0.5) };

it('compares with what the server takes first, and with both', () => {
  const [fastest, strict] = pairsOf(where, Float32Array.of(1, 0.5), own, base);
  expect(fastest).toMatchObject({ server: 'fastest', first: { relative: 0 }, both: { relative: 0 } });
  expect(strict).toMatchObject({ server: 'strict', first: { relative: 0.5, spread: 0 } });
  expect(strict?.both).toMatchObject({ relative: 0, spread: 0.5, isRounding: true });
});

it('is read as it was written, to three digits', () => {
  const pairs = pairsOf(where, Float32Array.of(0.98765, 0.12345), own, base);
  const text = recordingOf(pairs, 'npm run bench:audits -- --record FILE');
  expect(text.split('\n')[0]).toBe('# npm run bench:audits -- --record FILE');
  const read = pairsIn(text);
  expect(read).toHaveLength(2);
  read.forEach((pair, index) => {
    expect(pair).toMatchObject({ ...where, server: pairs[index]?.server });
    expect(pair.first.relative).toBeCloseTo(pairs[index]?.first.relative ?? NaN, 2);
    expect(pair.both.spread).toBeCloseTo(pairs[index]?.both.spread ?? NaN, 2);
    expect(pair.both.cosine).toBeCloseTo(pairs[index]?.both.cosine ?? NaN, 3);
  });
  expect(recordingOf(read, 'the same').split('\n').slice(1)).toEqual(text.split('\n').slice(1));
  expect(() => pairsIn('webgpu;lenet')).toThrow(SyntaxError);
});
