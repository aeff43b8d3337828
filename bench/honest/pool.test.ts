import { expect, it } from 'vitest';
import { createGenerator } from '../../shared/random/generator.ts';
import type { RecordedPair } from '../audits/record.ts';
import { PairPool } from './pool.ts';

const near = { relative: 0, cosine: 1, spread: 0, isRounding: false };
const size = { model: 'lenet', batch: 4, steps: 10 };
const pairs = (who: string, count: number, rest: Partial<RecordedPair> = {}) =>
  Array.from({ length: count }, (): RecordedPair => ({
    who,
    ...size,
    server: 'strict',
    first: near,
    both: near,
    ...rest,
  }));
const drawn = (pool: PairPool) =>
  Array.from({ length: 50 }, (_, seed) =>
    pool.at(pool.draw('webgpu', 'strict', size, createGenerator(seed))),
  );

it('draws the pairs of an engine, a size and an arithmetic of the server', () => {
  const others = [
    ...pairs('webgpu', 30, { steps: 1 }),
    ...pairs('webgpu', 30, { server: 'fastest' }),
    ...pairs('wasm, rounding otherwise', 30),
  ];
  const pool = new PairPool([...others, ...pairs('webgpu', 30)]);
  for (const pair of drawn(pool)) expect(pair).toMatchObject({ who: 'webgpu', ...size, server: 'strict' });
  expect(pool.sizes).toEqual([{ ...size, steps: 1 }, size]);
});

it('draws those of another processor where an engine has few', () => {
  const pool = new PairPool([...pairs('webgpu', 3), ...pairs('wasm, rounding otherwise', 30)]);
  for (const { who } of drawn(pool)) expect(who).toBe('wasm, rounding otherwise');
  expect(() => new PairPool([]).draw('webgpu', 'strict', size, createGenerator(1))).toThrow(RangeError);
  expect(() => pool.at(33)).toThrow(RangeError);
});
