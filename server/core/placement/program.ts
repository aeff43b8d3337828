import { optionFor, optionWithin, type PlacementOption, type PlanDevice, type RunShape } from './plan.ts';

/** A program over variables that are 0 or 1: the most value within the rows' bounds. */
export interface IntegerProgram {
  /** Value of each variable. */
  values: number[];
  rows: { name: string; coefficients: [variable: number, factor: number][]; least: number; most: number }[];
  /** A feasible point to start from: the variables that are 1. */
  start: number[];
}

/** What a solver made of a program: the variables that are 1, or null where it has none within its time. */
export interface Solution {
  chosen: number[] | null;
  /** For instance `optimal` or `time limit`. */
  status: string;
}

/** Solves a program within `budgetMs` milliseconds; what takes longer is given up. */
export type Solve = (program: IntegerProgram, budgetMs: number) => Promise<Solution>;

/** Fractions of the largest size that fits, which the program chooses among. */
const SIZES = [1, 1 / 2, 1 / 4];

/**
 * For one length of a round: which device works by which option, the most value within the server's link, one option a
 * device at most, and work for as many devices as a round waits for [PL6].
 */
export function programAt(
  length: number,
  devices: readonly PlanDevice[],
  shape: RunShape,
  initial: readonly PlacementOption[],
): { program: IntegerProgram; options: PlacementOption[] } {
  const choices = devices.map((device) => {
    const largest = optionFor(device, shape, length);
    if (largest === null) return [];
    const sizes = SIZES.flatMap((size) => optionWithin(device, shape, largest.ms * size) ?? []).concat(
      largest,
    );
    return sizes.filter(
      (option, index) => sizes.findIndex(({ samples }) => samples === option.samples) === index,
    );
  });
  const options = choices.flat();
  let next = 0;
  const variables = choices.map((sizes) => sizes.map(() => next++));
  const rows = devices.flatMap(({ required }, index): IntegerProgram['rows'] => {
    const coefficients = (variables[index] ?? []).map((variable): [number, number] => [variable, 1]);
    if (coefficients.length === 0 || (coefficients.length === 1 && !required)) return [];
    return [{ name: `one${index}`, coefficients, least: required ? 1 : 0, most: 1 }];
  });
  const all = options.map(({ workers }, variable): [number, number] => [variable, workers]);
  rows.push({ name: 'least', coefficients: all, least: shape.minWorkers, most: Infinity });
  if (shape.link !== null) {
    const bytes = options.map((option, variable): [number, number] => [variable, option.bytes]);
    rows.push({ name: 'link', coefficients: bytes, least: 0, most: shape.link * length });
  }
  const start = initial.flatMap(({ device, samples }) => {
    const variable = options.findIndex((option) => option.device === device && option.samples === samples);
    return variable < 0 ? [] : [variable];
  });
  return { program: { values: options.map(({ value }) => value), rows, start }, options };
}

/** The options of a solution; null where it breaks a row, whatever its status says. */
export function optionsOf(
  chosen: number[],
  { rows }: IntegerProgram,
  options: readonly PlacementOption[],
): PlacementOption[] | null {
  const taken = new Set(chosen);
  const holds = rows.every(({ coefficients, least, most }) => {
    const sum = coefficients.reduce(
      (total, [variable, factor]) => total + (taken.has(variable) ? factor : 0),
      0,
    );
    return sum >= least - 1e-6 && sum <= most * (1 + 1e-9) + 1e-6;
  });
  return holds ? chosen.flatMap((variable) => options[variable] ?? []) : null;
}
