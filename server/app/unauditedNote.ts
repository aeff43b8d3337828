import type { Config } from '../config/config.ts';
import { flagOf } from '../config/flags.ts';
import { RULES } from '../core/aggregation/rules.ts';
import { MODES } from '../core/policy/modes.ts';

/** Where an update is a commit alone, no rule has anything to compare it with. */
const ALONE = 'a commit is of one update, so one bad update is enough to ruin the model';

/**
 * What may be promised of a run that strangers may join and of which no unit is computed again, in a sentence [AG29]; null of
 * any other. It follows from the tables of docs/benchmarks.md, "Without audits".
 */
export function unauditedNote({ open, join, auditCpu, aggregation, mode }: Config): string | null {
  const isOpen = open || join === '';
  if (!isOpen || auditCpu > 0) return null;
  const promise = MODES[mode].sizedBy === null ? ALONE : RULES[aggregation].withoutAudits;
  return `Everyone may join, and with ${flagOf('auditCpu')} 0 nothing is computed again: ${promise}.`;
}
