import { layoutOf } from '../../shared/model/layout.ts';
import { cutKeyRanges } from '../../shared/model/ranges.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { GradientRecipe, Recipe } from '../zoo/entry.ts';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import type { ControlAction } from './settings/joining.ts';
import { didYouMean } from '../../shared/text/suggest.ts';
import type { PlacementMethod } from '../../shared/protocol/placement.ts';
import type { LocalSchedule } from '../core/run/work.ts';
import { ConfigError, defaultOf, environmentNameOf, flagOf, KEYS, SETTINGS } from './flags.ts';
import type { Key, Settings } from './flags.ts';
import { keysOf, readFlags } from './help.ts';
import { checkAggregation, RULE_SETTING_KEYS } from './aggregation.ts';
import { refuseRenamed, underPresentNames } from './renamed.ts';
import { refuseSwallowed } from './swallowed.ts';
import { modelOf, type Trainable } from './model.ts';
import { repeatableSettings } from './repeatable.ts';
import { COMMANDS, type Command } from './commands.ts';
import { selectorSetting, type RawValue } from './values.ts';

/** The settings that a recipe decides where nobody else does. */
type Resolved =
  | 'target'
  | 'mode'
  | 'placement'
  | 'batch'
  | 'lr'
  | 'optimizer'
  | 'localSteps'
  | 'localLr'
  | 'localMomentum'
  | 'localDecay'
  | 'average';

/** What every command runs on: each setting of flags.ts, resolved. */
export interface Config extends Omit<Settings, 'model' | 'url' | 'action' | Resolved> {
  command: Command;
  /** As it was given: a name of the zoo, or the path of a file. */
  model: string;
  spec: ModelSpec;
  batch: number;
  lr: number;
  optimizer: GradientRecipe['optimizer'];
  mode: Recipe['mode'];
  placement: PlacementMethod;
  /** Steps a unit; 1 is one gradient. */
  localSteps: number;
  /** Null where there are no local steps. */
  localLr: number | null;
  /** Null where there are no local steps. */
  localMomentum: number | null;
  /** Null where the rate of local steps stays, or where there are none. */
  localDecay: number | null;
  /** Commits that the model is an average over; null where it is the newest parameters. */
  average: number | null;
  /** How local steps are taken; null where there are none. */
  local: LocalSchedule | null;
  /** Accuracy at which the run ends, 0 to 1; null trains until something else ends it. */
  target: number | null;
  /** Empty but for the commands that have this setting, which must have one. */
  url: string;
  /** Null where none was asked for. */
  action: ControlAction | null;
}

export { ConfigError };

/** The environment of the process; the one place where the project reads it. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Local steps of a model whose recipe has none, where they are asked for. */
const LOCAL_STEPS = { lr: 0.1, momentum: 0, decay: null, average: null };
/** Deltas are applied as they are. */
const OUTER = { lr: 1, optimizer: 'sgd' } as const;

/**
 * The configuration of a command: a flag goes before the environment, that before what the run has that goes on,
 * and that before the default.
 * @param argv what stands behind the command, without node and the script.
 * @param remembered the settings of the run that this one goes on from, as {@link settingsOf} gave them.
 * @throws {ConfigError} naming the first setting that is wrong.
 * @throws {HelpRequest} for `--help` and `--version`.
 */
export function loadConfig(
  command: Command,
  argv: readonly string[] = process.argv.slice(2),
  environment: Environment = process.env,
  remembered: Remembered = {},
): Config {
  const given = rawValues(command, argv, environment);
  const kept = underPresentNames(remembered);
  for (const key of KEPT) {
    const value = kept[key];
    if (given.has(key) || value === undefined || (value === null && !MAY_BE_NONE.includes(key))) continue;
    given.set(key, {
      raw: value === null ? 'none' : String(value),
      source: `the run's ${flagOf(key)}`,
    });
  }
  // A run of before there were local steps is of gradients, and one of before averages has none.
  for (const [key, raw] of remembered['model'] === undefined ? [] : BEFORE) {
    if (!given.has(key)) given.set(key, { raw, source: "the run's age" });
  }
  const entries = KEYS.map((key) => {
    const value = given.get(key);
    return [key, value === undefined ? defaultOf(key, command) : settingValue(key, value)] as const;
  });
  // Each value has passed the schema of its own key, which is what the type says.
  return resolve(
    command,
    Object.fromEntries(entries) as Settings,
    (key) => given.get(key)?.source ?? flagOf(key),
    (key) => given.has(key),
  );
}

/** Settings of an earlier run, as {@link settingsOf} gave them. */
export type Remembered = Readonly<Partial<AdminSnapshot['settings']>>;

/** The Chromium that the environment names, for the tests that read no command line; null where it names none. */
export function chromiumSetting(environment: Environment = process.env): string | null {
  return environment[environmentNameOf('chromium')] || null;
}

/** Whether the terminal is one on which a line cannot be written over. */
export function isDumbTerminal(environment: Environment = process.env): boolean {
  return environment['TERM'] === 'dumb';
}

interface Given {
  raw: RawValue;
  /** The flag or the variable that it was given by. */
  source: string;
}

function rawValues(command: Command, argv: readonly string[], environment: Environment): Map<Key, Given> {
  refuseSwallowed(command, argv, environment);
  refuseRenamed(argv, environment);
  const flags = readFlags(command, argv);
  const given = new Map<Key, Given>();
  for (const key of keysOf(command)) {
    const flag = flags[key];
    const name = environmentNameOf(key);
    // An empty variable is what shells and compose files make of an unset one.
    const variable = environment[name] || undefined;
    if (flag !== undefined) given.set(key, { raw: flag, source: flagOf(key) });
    else if (variable !== undefined) given.set(key, { raw: variable, source: name });
  }
  return given;
}

/** The value of a setting as it was given. @throws {ConfigError} where it is none, saying what would be one. */
export function settingValue(key: Key, given: Given): unknown {
  const { kind, secret } = SETTINGS[key];
  const parsed = kind.schema.safeParse(given.raw);
  if (parsed.success) return parsed.data;
  const value = secret ? 'the value' : quote(given.raw);
  const meant = didYouMean(given.raw, kind.choices ?? []);
  throw new ConfigError(`${given.source}: ${value} is not ${kind.expects}${meant}`);
}

function quote(raw: RawValue): string {
  const text = typeof raw === 'object' ? raw.join(' ') : String(raw);
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}

function resolve(
  command: Command,
  asked: Settings,
  source: (key: Key) => string,
  isGiven: (key: Key) => boolean,
): Config {
  const implied = asked.repeatable ? repeatableSettings(command, asked, source, isGiven) : {};
  const settings = { ...asked, ...implied };
  const { spec, recipe } = modelOf(settings.model, source('model'), settings.dataset);
  const { target = recipe.target, mode = recipe.mode, url = '', action = null } = settings;
  const training = trainingOf(settings, recipe);
  const { needsServer, startsWorkers, isShard } = COMMANDS[command];
  if (needsServer && url === '') throw new ConfigError(`${flagOf('url')}: the address of a server is needed`);
  if (needsServer && SETTINGS.tabs.commands.includes(command) && settings.tabs === 0)
    throw new ConfigError(`${source('tabs')}: 0 opens nothing`);
  if (startsWorkers && settings.tabs + settings.nodeWorkers === 0) {
    throw new ConfigError(`${source('tabs')}: 0 needs ${flagOf('nodeWorkers')}, or nobody trains`);
  }
  if (settings.open && settings.join === '') {
    throw new ConfigError(
      `${source('open')}: needs ${flagOf('join')} with the credential of trusted devices; without one everyone may join anyway`,
    );
  }
  if (settings.new && settings.checkpoint !== null) {
    throw new ConfigError(
      `${source('checkpoint')}: ${flagOf('new')} begins a run that has no checkpoint yet`,
    );
  }
  if ((isShard || typeof settings.shards !== 'number') && settings.shardSecret === '') {
    throw new ConfigError(`${flagOf('shardSecret')}: shard processes need one, and the same as their server`);
  }
  checkMeasured({ ...settings, target }, source);
  checkAggregation(command, { ...settings, mode }, source);
  checkParameters(spec, settings.maxParameters, source('model'));
  checkShards(spec, shardCount(settings), source('shards'));
  const { placement = training.local === null ? 'uniform' : 'ilp' } = settings;
  return { ...settings, command, spec, ...training, mode, placement, target, url, action };
}

/**
 * Refuses a target that nothing is measured for.
 * @throws {ConfigError} naming the setting.
 */
export function checkMeasured(
  { target, evaluateEvery }: Pick<Config, 'target' | 'evaluateEvery'>,
  source: (key: Key) => string,
): void {
  if (target === null || evaluateEvery !== 0) return;
  throw new ConfigError(
    `${source('evaluateEvery')}: 0 measures at the end alone, which ${flagOf('target')} would never bring`,
  );
}

/** The settings of the way of training that the number of local steps decides. */
function trainingOf(settings: Settings, { gradient, local: recipe }: Trainable['recipe']) {
  const { localSteps = recipe?.steps ?? 1 } = settings;
  const way = localSteps > 1 ? { ...LOCAL_STEPS, batch: gradient.batch, ...recipe } : null;
  const standard = way === null ? gradient : { ...OUTER, batch: way.batch };
  const { batch = standard.batch, lr = standard.lr, optimizer = standard.optimizer } = settings;
  const average = settings.average === undefined ? (way?.average ?? null) : settings.average;
  const common = { batch, lr, optimizer, localSteps, average };
  if (way === null) return { ...common, localLr: null, localMomentum: null, localDecay: null, local: null };
  const localLr = settings.localLr ?? way.lr;
  const localMomentum = settings.localMomentum ?? way.momentum;
  const localDecay = settings.localDecay === undefined ? way.decay : settings.localDecay;
  const local = { steps: localSteps, lr: localLr, momentum: localMomentum, decay: localDecay };
  return { ...common, localLr, localMomentum, localDecay, local };
}

/** @throws {ConfigError} where no message could carry the model. */
function checkParameters(spec: ModelSpec, most: number, source: string): void {
  const { length } = layoutOf(spec);
  if (length <= most) return;
  throw new ConfigError(
    `${source}: ${spec.name} has ${length} parameters, above the ${most} of ${flagOf('maxParameters')}; raise that`,
  );
}

function checkShards(spec: ModelSpec, shards: number, source: string): void {
  try {
    cutKeyRanges(layoutOf(spec).length, shards);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(
      `${source}: "${shards}" is too many for ${spec.name}: ${error.message.replace(/^shards: /, '')}`,
    );
  }
}

/** How many shards there are, in this process or elsewhere. */
export function shardCount({ shards }: Pick<Config, 'shards'>): number {
  return typeof shards === 'number' ? shards : shards.length;
}

/** What decides how a run trains and when it ends: it goes on with that unless it is told otherwise. */
const KEPT: readonly Key[] = [
  ...(['model', 'dataset', 'mode', 'batch', 'lr', 'optimizer', 'momentum'] as const),
  'aggregation',
  ...RULE_SETTING_KEYS,
  ...(['localSteps', 'localLr', 'localMomentum', 'localDecay', 'average'] as const),
  ...([
    'staleness',
    'maxStaleness',
    'roundSize',
    'buffer',
    'placement',
    'requires',
    'prefers',
    'leaseSeconds',
    'target',
    'maxCommits',
    'maxSeconds',
    'evaluateEvery',
    'guardJump',
    'seed',
    'deviceMomentum',
    'repeatable',
    'codec',
  ] as const),
];

/** Of those, the ones for which none is a choice like another, not the lack of one. */
const MAY_BE_NONE: readonly Key[] = [
  'localDecay',
  'average',
  'target',
  'maxCommits',
  'maxSeconds',
  'guardJump',
];

/** What runs did before these settings were kept. */
const BEFORE: readonly (readonly [Key, string])[] = [
  ['localSteps', '1'],
  ['average', 'none'],
  ['aggregation', 'mean'],
];

/** What says how a command talks, not how it trains. */
const ASIDE: readonly Key[] = ['action', 'checkpoint', 'chromium', 'device', 'json', 'new', 'set', 'url'];

/** The settings of a run as the admin is shown them and checkpoints keep them; secrets are left out. */
export function settingsOf(config: Config): AdminSnapshot['settings'] {
  const keys = keysOf(config.command).filter((key) => !SETTINGS[key].secret && !ASIDE.includes(key));
  return Object.fromEntries(keys.map((key) => [key, primitive(config[key])]));
}

function primitive(value: Config[Key]): string | number | boolean | null {
  if (Array.isArray(value)) return value.map(String).join(',');
  if (typeof value !== 'object' || value === null) return value;
  return 'cert' in value ? 'certificate' : selectorSetting(value);
}
