import type { RuleSettings } from '../core/aggregation/rule.ts';
import { AGGREGATION_NAMES, RULES } from '../core/aggregation/rules.ts';
import { MODES, type Mode } from '../core/policy/modes.ts';
import { ConfigError, defaultOf, flagOf, type Key, type Settings } from './flags.ts';
import type { Command } from './commands.ts';

type Asked = Pick<Settings, 'aggregation' | 'roundSize' | 'buffer' | keyof RuleSettings> & { mode: Mode };

/** The settings that some rule reads. */
export const RULE_SETTING_KEYS = [...new Set(AGGREGATION_NAMES.flatMap((name) => RULES[name].reads))];

/** The most updates that a commit can have, and the setting that says so; null where that is who happens to be there. */
function largestCommit(asked: Asked): { updates: number; by: string } | null {
  const { sizedBy } = MODES[asked.mode];
  if (sizedBy === null) return { updates: 1, by: `${flagOf('mode')} ${asked.mode}` };
  const updates = asked[sizedBy];
  return typeof updates === 'string' ? null : { updates, by: `${flagOf(sizedBy)} ${updates}` };
}

/**
 * Refuses an aggregation rule that no commit of the run has enough updates for [AG9], and a setting that the run's rule
 * does not read [AG10].
 * @param source the flag or variable that a setting was given by.
 * @throws {ConfigError} naming the setting.
 */
export function checkAggregation(command: Command, asked: Asked, source: (key: Key) => string): void {
  const rule = RULES[asked.aggregation];
  const largest = largestCommit(asked);
  const needed = rule.minUpdates(asked) * asked.bucket;
  if (largest !== null && largest.updates < needed) {
    throw new ConfigError(
      `${source('aggregation')}: "${asked.aggregation}" needs ${needed} updates a commit at least, and ${largest.by} makes commits of ${largest.updates}`,
    );
  }
  for (const key of RULE_SETTING_KEYS) {
    if (rule.reads.includes(key) || asked[key] === defaultOf(key, command)) continue;
    const readers = AGGREGATION_NAMES.filter((name) => RULES[name].reads.includes(key));
    throw new ConfigError(
      `${source(key)}: "${asked[key]}" is for ${flagOf('aggregation')} ${readers.join(' or ')}, and this run has ${asked.aggregation}`,
    );
  }
}
