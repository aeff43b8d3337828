import type { CellResult } from './cell.ts';
import { HONEST } from './cells.ts';
import { middleOf } from './vectors.ts';

const percent = (share: number) => (100 * share).toFixed(1);
const NONE = '-';

/** Of the cell without an attack that is otherwise the same: how many times its samples this one took. */
function timesHonest(cell: CellResult, all: readonly CellResult[]): number | null {
  const honest = all.find(
    ({ attack, devices, mode, defences, seed }) =>
      attack === null &&
      devices === cell.devices &&
      mode === cell.mode &&
      defences === cell.defences &&
      seed === cell.seed,
  );
  const usual = honest?.samplesToTarget ?? null;
  return usual === null || cell.samplesToTarget === null ? null : cell.samplesToTarget / usual;
}

/** A line of Markdown for each cell, in the order of the cells. */
export function tableOf(results: readonly CellResult[]): string {
  const head = [
    'attack',
    'hostile',
    'mode',
    'defences',
    'accuracy',
    'samples to 97.5%',
    'times honest',
    'fall',
    'barred',
    'after units',
    'honest barred',
  ];
  const lines = results.map((cell) => [
    cell.attack ?? HONEST,
    cell.attack === null ? `0 of ${cell.devices}` : `${cell.hostile} of ${cell.devices}`,
    cell.mode,
    cell.defences,
    percent(cell.accuracy),
    cell.samplesToTarget === null ? NONE : cell.samplesToTarget.toLocaleString('en'),
    timesHonest(cell, results)?.toFixed(1) ?? NONE,
    percent(cell.worstFall),
    cell.attack === null ? NONE : String(cell.hostile - cell.neverBarred),
    middleOf(cell.barredAfter)?.toString() ?? NONE,
    String(cell.honestBarred),
  ]);
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
