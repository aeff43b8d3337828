import { MODE_NAMES } from '../../server/core/policy/modes.ts';
import { median } from '../median.ts';
import type { Measured } from './measure.ts';
import type { SideName } from './sides.ts';
import type { Timed } from './stopwatch.ts';

type Rates = Pick<Measured, 'mode' | 'side' | 'seed' | keyof Timed>;

const HEAD = [
  ...['mode', 'without', 'with', 'ratio', 'of each pair', 'ratio from the start'],
  ...['thread ms, without', 'thread ms, with'],
];

/** A line of Markdown for each mode: the median of each side, and that of the ratios of the pairs. */
export function ratesTable(results: readonly Rates[]): string {
  const lines = MODE_NAMES.flatMap((mode) => {
    const of = results.filter((each) => each.mode === mode);
    return ratiosOf(of, 'updatesPerSecond').length === 0 ? [] : [lineOf(mode, of)];
  });
  return [HEAD, HEAD.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function lineOf(mode: string, results: readonly Rates[]): string[] {
  const of = (side: SideName) => results.filter((each) => each.side === side);
  const rate = (side: SideName) => median(of(side).map((each) => each.updatesPerSecond)).toFixed(0);
  const thread = (side: SideName) => {
    const told = of(side).flatMap(({ threadMs }) => threadMs ?? []);
    return told.length === 0 ? '-' : median(told).toFixed(2);
  };
  const ratios = ratiosOf(results, 'updatesPerSecond');
  return [
    ...[mode, rate('without'), rate('with'), median(ratios).toFixed(2)],
    ratios.map((ratio) => ratio.toFixed(2)).join(', '),
    median(ratiosOf(results, 'fromTheStart')).toFixed(2),
    ...[thread('without'), thread('with')],
  ];
}

/** Of each pair: what there is with defences over what there is without. */
function ratiosOf(results: readonly Rates[], figure: 'updatesPerSecond' | 'fromTheStart'): number[] {
  return results
    .filter(({ side }) => side === 'with')
    .flatMap((one) => {
      const other = results.find(({ side, seed }) => side === 'without' && seed === one.seed);
      return other === undefined ? [] : one[figure] / other[figure];
    });
}
