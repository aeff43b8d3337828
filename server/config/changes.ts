import {
  LIVE_SETTING_NAMES,
  LIVE_SETTINGS,
  type LiveSettingName,
  type SettingChanges,
} from '../../shared/protocol/liveSettings.ts';
import { didYouMean } from '../../shared/text/suggest.ts';
import { changedSettings, type LiveChanges, type LiveSettings } from '../core/liveSettings.ts';
import { checkMeasured, ConfigError, settingValue, type Config } from './config.ts';

/** The settings of a run that may change while it goes on. */
export function liveSettingsOf(config: Config): LiveSettings {
  const entries = LIVE_SETTING_NAMES.map((name) => [name, config[name]] as const);
  // Each is the field of that name, which is what the type says.
  return Object.fromEntries(entries) as unknown as LiveSettings;
}

/**
 * Reads what settings of a run are to change to, with the checks of its flags [CF7].
 * @param config the settings in force.
 * @param asked as a person or a program gives them.
 * @throws {ConfigError} naming the first that is unknown, cannot change, or is wrong; nothing is to change then.
 */
export function readChanges(config: Config, asked: SettingChanges): LiveChanges {
  const given = Object.entries(asked);
  if (given.length === 0) throw new ConfigError(`nothing to change: name one of ${NAMES}`);
  const entries = given.map(([word, value]) => {
    const name = liveName(word);
    if (LIVE_SETTINGS[name].ofLocalSteps && config.local === null) {
      throw new ConfigError(`${name}: this run has no local steps`);
    }
    return [name, settingValue(name, { raw: value === null ? 'none' : String(value), source: name })];
  });
  const changes = Object.fromEntries(entries) as LiveChanges;
  const after = changedSettings(liveSettingsOf(config), changes);
  checkMeasured(after, (key) => key);
  return changes;
}

const NAMES = LIVE_SETTING_NAMES.join(', ');

function liveName(word: string): LiveSettingName {
  const name = LIVE_SETTING_NAMES.find((each) => each === word);
  if (name !== undefined) return name;
  throw new ConfigError(
    `${JSON.stringify(word)} is no setting that changes while a run goes on, which are ${NAMES}${didYouMean(word, LIVE_SETTING_NAMES)}`,
  );
}
