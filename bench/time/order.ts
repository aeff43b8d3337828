import { AVERAGING, SIDE_NAMES, type Averaging, type SideName } from './sides.ts';

/** One job that is to be run. */
export interface Turn {
  side: SideName;
  averaging: Averaging;
  seed: number;
}

/**
 * Every side with every averaging, seed after seed; every second seed in reverse, so that a machine that gets faster or
 * slower meanwhile does so for all alike.
 */
export function turns(sides: readonly SideName[], seeds: readonly number[]): Turn[] {
  return seeds.flatMap((seed, index) => {
    const round = AVERAGING.flatMap((averaging) => sides.map((side) => ({ side, averaging, seed })));
    return index % 2 === 0 ? round : round.reverse();
  });
}

/** The seeds from 1 to a number of them. @throws {RangeError} where that is no count. */
export function seedsFrom1(count: string): number[] {
  const seeds = Number(count);
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new RangeError(`--seeds ${count}: not a whole number from 1`);
  return Array.from({ length: seeds }, (_, index) => index + 1);
}

/** The sides of a list with commas. @throws {RangeError} that names one there is not. */
export function sidesNamed(names: string): SideName[] {
  return names.split(',').map((name) => {
    const known = SIDE_NAMES.find((side) => side === name);
    if (known === undefined) throw new RangeError(`--sides ${name}: there are ${SIDE_NAMES.join(', ')}`);
    return known;
  });
}
