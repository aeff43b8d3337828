import { ALL_DEFENCES, HONEST } from './cells.ts';
import type { CellResult, DefencesName } from './cell.ts';

/** Cells that differ in seed and defences alone. */
interface Paired {
  attack: string;
  devices: number;
  mode: string;
  /** By set of defences, in the order of the seeds. */
  accuracies: Record<(typeof ALL_DEFENCES)[number], number[]>;
  /** Of each seed: by how many points the accuracy with defences is above that without. */
  differences: number[];
}

/** Every two cells of one seed, with and without defences, in groups of what else they have in common. */
export function pairedOf(results: readonly CellResult[]): Paired[] {
  const groups = new Map<string, CellResult[]>();
  for (const each of results.toSorted((one, other) => one.seed - other.seed)) {
    const key = [each.devices, each.mode, each.attack ?? HONEST].join();
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const of = (name: DefencesName) => group.filter(({ defences }) => defences === name);
    const both = of('none').flatMap((without) => {
      const other = of('all').find(({ seed }) => seed === without.seed);
      return other === undefined ? [] : [{ none: without.accuracy, all: other.accuracy }];
    });
    if (both.length === 0) return [];
    const accuracies = { none: both.map(({ none }) => none), all: both.map(({ all }) => all) };
    const differences = both.map(({ none, all }) => 100 * (all - none));
    return {
      attack: first.attack ?? HONEST,
      devices: first.devices,
      mode: first.mode,
      accuracies,
      differences,
    };
  });
}

export const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of a sample; no number where there is one value. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

const signed = (points: number) => `${points < 0 ? '' : '+'}${points.toFixed(2)}`;

/** A line of Markdown for each group of pairs: accuracies in percent, differences in points. */
export function pairsTable(results: readonly CellResult[]): string {
  const head = ['attack', 'devices', 'mode', ...ALL_DEFENCES, 'difference', 'deviation', 'of each seed'];
  const lines = pairedOf(results).map(({ attack, devices, mode, accuracies, differences }) => [
    ...[attack, String(devices), mode],
    ...ALL_DEFENCES.map((name) => (100 * meanOf(accuracies[name])).toFixed(2)),
    signed(meanOf(differences)),
    deviationOf(differences).toFixed(2),
    differences.map(signed).join(', '),
  ]);
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
