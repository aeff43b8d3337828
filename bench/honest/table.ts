import type { PlayResult, Verdicts } from './play.ts';
import { DEVICE_ENGINE_NAMES } from './pool.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const whole = (value: number) => Math.round(value).toLocaleString('en');
const stepsOf = (results: readonly PlayResult[]) =>
  [...new Set(results.map(({ size }) => size.steps))].sort((one, other) => one - other);

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A line for each number of local steps, and one of all: what became of the devices. */
export function devicesTable(results: readonly PlayResult[]): string {
  const lineOf = (name: string, of: readonly PlayResult[]) => [
    name,
    whole(sum(of.map(({ hours }) => hours))),
    ...(['devices', 'units', 'commits', 'trusted', 'suspected', 'stillSuspected', 'barred'] as const).map(
      (field) => whole(sum(of.map((result) => result[field]))),
    ),
  ];
  return markdown(
    [
      'steps',
      'hours',
      'devices',
      'units',
      'commits',
      'trusted',
      'times suspected',
      'still suspected',
      'barred',
    ],
    [
      ...stepsOf(results).map((steps) =>
        lineOf(
          String(steps),
          results.filter(({ size }) => size.steps === steps),
        ),
      ),
      lineOf('all', results),
    ],
  );
}

/** What audits found, by engine and by number of local steps. */
export function verdictsTable(results: readonly PlayResult[]): string {
  const lines = DEVICE_ENGINE_NAMES.flatMap((engine) =>
    stepsOf(results).map((steps) => {
      const of = results.filter(({ size }) => size.steps === steps).map(({ verdicts }) => verdicts[engine]);
      const count = (verdict: keyof Verdicts) => sum(of.map((verdicts) => verdicts[verdict]));
      const all = count('right') + count('unclear') + count('wrong');
      const unclear = count('unclear');
      const share = all === 0 ? '-' : `${((100 * unclear) / all).toFixed(1)}%`;
      return [engine, String(steps), whole(all), whole(unclear), share, whole(count('wrong'))];
    }),
  );
  return markdown(['device', 'steps', 'audits', 'unclear', 'share', 'wrong'], lines);
}
