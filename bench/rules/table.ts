import type { Partition } from '../trust/images.ts';
import { HONEST } from '../trust/cells.ts';
import { COLUMNS, RULE_ROW_NAMES, WORK_NAMES, type RuleCell } from './cells.ts';
import { PARTITIONS } from '../trust/images.ts';

/** What came of a cell. */
export interface RuleResult extends RuleCell {
  seed: number;
  /** On all test images, 0 to 1. */
  accuracy: number;
  commits: number;
  /** Of real time. */
  seconds: number;
}

const PARTITION_WORDS: Readonly<Record<Partition, string>> = {
  iid: 'images at random',
  twoClasses: 'two classes a device',
};

/** A table of Markdown for each kind of work and division of the images, accuracy in percent. */
export function tablesOf(results: readonly RuleResult[]): string {
  return WORK_NAMES.flatMap((work) =>
    PARTITIONS.flatMap((data) => {
      const own = results.filter((result) => result.work === work && result.data === data);
      return own.length === 0 ? [] : [`${work}, ${PARTITION_WORDS[data]}:\n\n${tableOf(own)}`];
    }),
  ).join('\n\n');
}

function tableOf(results: readonly RuleResult[]): string {
  const columns = [null, ...COLUMNS];
  const head = ['rule', ...columns.map((attack) => attack ?? HONEST)];
  const lines = RULE_ROW_NAMES.map((rule) => [
    `\`${rule.split(',')[0] ?? rule}\`${rule.slice(rule.split(',')[0]?.length)}`,
    ...columns.map((attack) => {
      const cell = results.find((result) => result.rule === rule && result.attack === attack);
      return cell === undefined ? '-' : (100 * cell.accuracy).toFixed(1);
    }),
  ]);
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
