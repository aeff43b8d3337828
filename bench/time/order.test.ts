import { describe, expect, it } from 'vitest';
import { seedsFrom1, sidesNamed, turns } from './order.ts';
import { SIDE_NAMES, SIDES } from './sides.ts';

describe('turns', () => {
  it('run every side with and without averaging once a seed, one seed after the other', () => {
    const all = turns(SIDE_NAMES, [1, 2, 3]);
    expect(all.map(({ seed }) => seed)).toEqual([1, 2, 3].flatMap((seed) => Array<number>(8).fill(seed)));
    const keys = all.map(({ side, averaging, seed }) => `${side} ${averaging} ${seed}`);
    expect(new Set(keys).size).toBe(4 * 2 * 3);
  });

  it('have both kinds alternate, and every second seed in reverse', () => {
    const [first, second] = [1, 2].map((seed) =>
      turns(SIDE_NAMES, [1, 2]).filter((turn) => turn.seed === seed),
    );
    expect(first?.map(({ side }) => SIDES[side].isRay)).toEqual([0, 1, 2, 3].flatMap(() => [false, true]));
    const places = (all: typeof first) => all?.map(({ side, averaging }) => `${side} ${averaging}`);
    expect(places(second)).toEqual(places(first)?.reverse());
  });

  it('are of the sides that were named alone', () => {
    expect(turns(sidesNamed('ray-gradients'), [5])).toEqual([
      { side: 'ray-gradients', averaging: 'on', seed: 5 },
      { side: 'ray-gradients', averaging: 'off', seed: 5 },
    ]);
  });
});

it('seeds are those from 1, and a count that is none is named', () => {
  expect(seedsFrom1('3')).toEqual([1, 2, 3]);
  for (const count of ['0', '-1', '1.5', 'x', '']) {
    expect(() => seedsFrom1(count)).toThrow(`--seeds ${count}: not a whole number from 1`);
  }
});

it('a side that there is not is named', () => {
  expect(sidesNamed('tabs,node-workers')).toEqual(['tabs', 'node-workers']);
  expect(() => sidesNamed('tabs,spark')).toThrow('--sides spark: there are tabs, ray-gradients');
});
