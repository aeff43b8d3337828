import { CAN_BE_STRICT } from '../../shared/profile/profile.ts';
import { PLACEMENT_METHODS } from '../../shared/protocol/placement.ts';
import { RULES } from '../core/aggregation/rules.ts';
import { MODES } from '../core/policy/modes.ts';
import { ConfigError, flagOf, type Key, type Settings } from './flags.ts';
import { COMMANDS, type Command } from './commands.ts';

/** The settings that a repeatable run decides where nobody else does. */
export type Implied = Pick<Settings, 'mode' | 'aggregation' | 'placement' | 'roundSize' | 'guardJump'>;

/** The rule of a run that would else have one that cannot be repeated. */
const REPEATABLE_RULE = 'mean';

/**
 * What a repeatable run implies [RN12].
 * @param source the flag or variable that a setting was given by.
 * @throws {ConfigError} naming a setting that was given and cannot be part of one.
 */
export function repeatableSettings(
  command: Command,
  settings: Settings,
  source: (key: Key) => string,
  isGiven: (key: Key) => boolean,
): Implied {
  const { mode = 'sync', placement = 'uniform', engine } = settings;
  const refuse = (key: Key, why: string): never => {
    throw new ConfigError(`${source(key)}: ${JSON.stringify(settings[key])} cannot be repeatable: ${why}`);
  };
  const ofMode = MODES[mode].notRepeatable;
  if (ofMode !== null) refuse('mode', ofMode);
  const ofRule = RULES[settings.aggregation].notRepeatable;
  if (ofRule !== null && isGiven('aggregation')) refuse('aggregation', ofRule);
  const ofPlacement = PLACEMENT_METHODS[placement].notRepeatable;
  if (ofPlacement !== null) refuse('placement', ofPlacement);
  if (engine !== 'auto' && !CAN_BE_STRICT[engine]) {
    refuse('engine', 'it does not give the same bits on every machine');
  }
  if (settings.roundSize === 'all' && isGiven('roundSize')) {
    refuse('roundSize', 'how many updates a round has would follow from who happens to be there');
  }
  if (settings.guardJump !== null && isGiven('guardJump')) {
    refuse('guardJump', 'which versions are checked follows from how long a check takes');
  }
  if (settings.bucket !== 1) refuse('bucket', 'which updates stand together is drawn from a secret');
  if (settings.deviceMomentum !== 0) {
    refuse('deviceMomentum', 'what it comes to follows from which device did what before');
  }
  return {
    guardJump: null,
    mode,
    aggregation: ofRule === null ? settings.aggregation : REPEATABLE_RULE,
    placement,
    roundSize: settings.roundSize === 'all' ? crowdOf(command, settings) : settings.roundSize,
  };
}

/** An update of each worker that a demo starts; who comes to a server nobody knows. */
function crowdOf(command: Command, { tabs, tabWorkers, nodeWorkers }: Settings): number {
  if (COMMANDS[command].startsWorkers) return Math.max(1, tabs * tabWorkers + nodeWorkers);
  throw new ConfigError(
    `${flagOf('repeatable')}: needs ${flagOf('roundSize')}, since how many updates make a commit decides the model`,
  );
}
