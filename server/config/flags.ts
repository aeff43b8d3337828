import { CODEC_NAMES, CODECS } from '../../shared/codec/codecs.ts';
import { MAX_BATCH, MAX_LOCAL_STEPS } from '../../shared/protocol/messages.ts';
import { RUN_ACTION_NAMES, type RunAction } from '../../shared/protocol/runActions.ts';
import { ENGINES, MAX_WORKERS, type DeviceLabels } from '../../shared/profile/profile.ts';
import {
  PLACEMENT_METHOD_NAMES,
  PLACEMENT_METHODS,
  type PlacementMethod,
  type Selector,
} from '../../shared/protocol/placement.ts';
import { AGGREGATION_NAMES, RULES } from '../core/aggregation/rules.ts';
import { STALENESS_WEIGHT_NAMES, STALENESS_WEIGHTS } from '../core/policy/async.ts';
import { MODE_NAMES, MODES, type Mode } from '../core/policy/modes.ts';
import { OPTIMIZER_NAMES, type OptimizerName } from '../core/shard/optimizer.ts';
import { DATASET_NAMES } from '../dataset/datasets.ts';
import type { Command } from './commands.ts';
import { RUNS, SERVERS, setting, TABS } from './setting.ts';
import { TRANSPORT_PREFERENCE_NAMES, TRANSPORT_PREFERENCES } from '../../shared/transport/preference.ts';
import {
  allOrCount,
  decimal,
  deviceSelector,
  flag,
  httpsFiles,
  httpUrl,
  labelList,
  iceServers,
  meaningsOf,
  oneOf,
  orNone,
  seconds,
  shardList,
  wholeNumber,
  words,
  type IceServerAddress,
} from './values.ts';

/*
 * Every setting of every command, declared once: the flags, the environment names, the help, the validation and
 * the table of docs/operations.md are made from this.
 */

/** A setting that cannot be used: the message is one line that names the flag or variable and the value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** The longest that one timer of Node can wait is 2^31 ms; this stays below it. */
const MAX_SECONDS = 2_000_000;
/** An hour for one work unit is more than any engine needs; longer would only hide a hung device. */
const MAX_LEASE_SECONDS = 3600;
const MAX_TABS = 256;
const MAX_WORKERS_SETTING = 64;

export const SETTINGS = {
  model: setting(
    RUNS,
    words('a name or a path', '<name|file>'),
    'lenet',
    'Model to train: a name of the zoo, or a JSON file that declares one.',
  ),
  dataset: setting(RUNS, oneOf(...DATASET_NAMES), 'mnist', 'Data set to train and to measure on.'),
  mode: setting<Mode | undefined>(
    RUNS,
    oneOf(...MODE_NAMES),
    undefined,
    `When updates are committed (${meaningsOf(MODES)}); by default the model's recipe.`,
  ),
  shards: setting(
    RUNS,
    shardList,
    1,
    'Parameter-server shards in this process, or the addresses of the shard processes.',
  ),
  tabs: setting(TABS, wholeNumber(0, MAX_TABS), 2, 'Headless browser tabs to open.'),
  nodeWorkers: setting(
    ['demo'],
    wholeNumber(0, MAX_WORKERS_SETTING),
    0,
    'Workers without a browser to start.',
  ),
  engine: setting(
    TABS,
    oneOf('auto', ...ENGINES),
    'auto',
    'What the tabs train with; auto takes the fastest that gives right answers.',
  ),
  tabWorkers: setting(
    TABS,
    wholeNumber(1, MAX_WORKERS),
    1,
    'Workers of each tab; a tab that a person opens has one less than the machine has cores.',
  ),
  workers: setting(
    ['worker'],
    wholeNumber(1, MAX_WORKERS_SETTING),
    1,
    'Workers to start, each a device of its own.',
  ),
  label: setting<DeviceLabels>(
    ['worker'],
    labelList,
    {},
    'Labels of the workers, by which placement may name them.',
  ),
  batch: setting<number | undefined>(
    RUNS,
    wholeNumber(1, MAX_BATCH),
    undefined,
    "Images a gradient or a local step is the mean of; by default the model's recipe.",
    { unit: 'images' },
  ),
  lr: setting<number | undefined>(
    RUNS,
    decimal('above 0', (value) => value > 0),
    undefined,
    "Learning rate of the server's optimizer; by default the model's recipe.",
  ),
  optimizer: setting<OptimizerName | undefined>(
    RUNS,
    oneOf(...OPTIMIZER_NAMES),
    undefined,
    "The server's optimizer; by default the model's recipe.",
  ),
  momentum: setting(
    RUNS,
    decimal('from 0 to below 1', (value) => value < 1),
    0.9,
    'Momentum of the optimizer of that name.',
  ),
  localSteps: setting<number | undefined>(
    RUNS,
    wholeNumber(1, MAX_LOCAL_STEPS),
    undefined,
    "Steps that a worker takes by itself before it hands in an update; 1 is one gradient; by default the model's recipe.",
    { unit: 'steps' },
  ),
  localLr: setting<number | null | undefined>(
    RUNS,
    decimal('above 0', (value) => value > 0),
    undefined,
    "Learning rate of the first local steps, where there are several; by default the model's recipe.",
  ),
  localMomentum: setting<number | null | undefined>(
    RUNS,
    decimal('from 0 to below 1', (value) => value < 1),
    undefined,
    "Momentum of the local steps, where there are several; by default the model's recipe.",
  ),
  localDecay: setting<number | null | undefined>(
    RUNS,
    orNone(wholeNumber(1)),
    undefined,
    "The rate of the local steps falls as 1 / sqrt(1 + commits / this); by default the model's recipe.",
    { unit: 'commits' },
  ),
  average: setting<number | null | undefined>(
    RUNS,
    orNone(wholeNumber(1)),
    undefined,
    "The model that is measured and kept is a moving average over about so many commits; none is the newest parameters; by default the model's recipe.",
    { unit: 'commits' },
  ),
  aggregation: setting(
    RUNS,
    oneOf(...AGGREGATION_NAMES),
    'mean',
    `What becomes of the updates of a commit (${meaningsOf(RULES)}).`,
  ),
  trim: setting(
    RUNS,
    decimal('above 0 and below 0.5', (value) => value > 0 && value < 0.5),
    0.2,
    'The part of the updates, rounded up, that trimmedMean drops at each end of each coordinate.',
  ),
  clipNorm: setting<number | null>(
    RUNS,
    orNone(decimal('above 0', (value) => value > 0)),
    null,
    'The norm that normClip scales updates down to; none is the median norm of the updates of the commit.',
  ),
  staleness: setting(
    RUNS,
    oneOf(...STALENESS_WEIGHT_NAMES),
    'sqrt',
    `Weight of an async update that is s versions old (${meaningsOf(STALENESS_WEIGHTS)}).`,
  ),
  maxStaleness: setting(RUNS, wholeNumber(0), 100, 'Async updates that are older than this are refused.', {
    unit: 'versions',
  }),
  placement: setting<PlacementMethod | undefined>(
    RUNS,
    oneOf(...PLACEMENT_METHOD_NAMES),
    undefined,
    `How work is shared out (${meaningsOf(PLACEMENT_METHODS)}); by default ilp where units are of local steps, else uniform.`,
  ),
  requires: setting<Selector | null>(
    RUNS,
    orNone(deviceSelector),
    null,
    'Devices that may train; others wait in reserve.',
  ),
  prefers: setting<Selector | null>(
    RUNS,
    orNone(deviceSelector),
    null,
    'Devices that train rather than others, which wait in reserve while enough of these are here.',
  ),
  linkMbit: setting(
    RUNS,
    orNone(decimal('above 0', (value) => value > 0)),
    null,
    "The server's own line, which plans keep within.",
    { unit: 'Mbit/s' },
  ),
  roundSize: setting(RUNS, allOrCount, 'all', 'Updates a sync round waits for; all is one of each worker.', {
    unit: 'updates',
  }),
  leaseSeconds: setting(
    RUNS,
    seconds(MAX_LEASE_SECONDS),
    30,
    'The longest that a device may take over a work unit.',
    { unit: 's' },
  ),
  target: setting<number | null | undefined>(
    RUNS,
    orNone(decimal('above 0, at most 1', (value) => value > 0 && value <= 1)),
    undefined,
    "Accuracy on the test images at which the run ends; by default the model's recipe in a demo, none else.",
    { defaults: { start: null } },
  ),
  maxCommits: setting(RUNS, orNone(wholeNumber(1)), null, 'The run ends after so many commits.', {
    unit: 'commits',
  }),
  maxSeconds: setting(RUNS, orNone(seconds(MAX_SECONDS)), null, 'The run ends after so many seconds.', {
    unit: 's',
    defaults: { demo: 600 },
  }),
  evaluateEvery: setting(
    RUNS,
    wholeNumber(0),
    5,
    'Commits between two evaluations on the test images; 0 is only at the end.',
    { unit: 'commits' },
  ),
  checkpointSeconds: setting(RUNS, seconds(MAX_SECONDS), 30, 'Time between two checkpoints.', { unit: 's' }),
  seed: setting(
    RUNS,
    wholeNumber(0, 2 ** 32 - 1),
    1,
    'Seed of the initial weights and of the order of the images.',
  ),
  repeatable: setting(
    RUNS,
    flag,
    false,
    'The same command gives the same model, bit for bit, whichever devices train: complete sync rounds of one size, one unit for all, arithmetic that is the same everywhere.',
  ),
  port: setting(SERVERS, wholeNumber(0, 65_535), 8080, 'Port to listen on; 0 is any free one.', {
    defaults: { demo: 0, shard: 8081 },
  }),
  host: setting(
    SERVERS,
    words('an address or a name', '<address>', 255),
    '0.0.0.0',
    'Address to listen on.',
    {
      defaults: { demo: '127.0.0.1', shard: '127.0.0.1' },
    },
  ),
  https: setting(
    SERVERS,
    httpsFiles,
    false,
    'Serve TLS: with a self-signed certificate made on the spot, or with the two files given.',
  ),
  transport: setting(
    [...SERVERS, 'swarm'],
    oneOf(...TRANSPORT_PREFERENCE_NAMES),
    'auto',
    `How updates and weights travel (${meaningsOf(TRANSPORT_PREFERENCES)}).`,
  ),
  codec: setting(
    RUNS,
    oneOf(...CODEC_NAMES),
    'float32',
    `How updates travel up (${meaningsOf(CODECS)}); weights travel down as float32.`,
  ),
  iceServers: setting<IceServerAddress[]>(
    SERVERS,
    iceServers,
    [],
    'STUN and TURN servers by which tabs behind other networks find a way to the data channels.',
    { secret: true },
  ),
  dataDir: setting<string | null>(
    RUNS,
    words('a path', '<folder>'),
    './data',
    "Folder of the checkpoints; a demo's is a temporary one where none is given.",
    { defaults: { demo: null } },
  ),
  resume: setting(RUNS, flag, false, 'Go on from the newest checkpoint of the data folder.'),
  join: setting(
    ['start', 'demo', 'swarm', 'worker'],
    words('a credential', '<credential>', 128),
    '',
    'Credential that volunteers must show; without it, everyone may join.',
    { secret: true },
  ),
  shardSecret: setting(
    SERVERS,
    words('a secret', '<secret>', 128),
    '',
    'What the server and its shard processes show each other; better given by environment, which others cannot see.',
    { secret: true },
  ),
  url: setting<string | undefined>(
    ['swarm', 'worker', 'control'],
    httpUrl,
    undefined,
    'Join address of the server, or its admin URL for control; must be given.',
  ),
  action: setting<RunAction | undefined>(
    ['control'],
    oneOf(...RUN_ACTION_NAMES),
    undefined,
    'What to ask of the run; must be given.',
  ),
  chromium: setting<string | null>(
    TABS,
    words('a path', '<path>'),
    null,
    'Chromium to run the tabs in; by default one is looked for, then fetched.',
  ),
  json: setting(RUNS, flag, false, 'End with one line of JSON on standard output.'),
};

export type Key = keyof typeof SETTINGS;

/** The value of every setting; those that a recipe decides may still be undefined. */
export type Settings = { [K in Key]: (typeof SETTINGS)[K]['default'] };

export const KEYS = Object.keys(SETTINGS) as Key[];

/** `maxCommits` is `--max-commits` on the command line. */
export function flagOf(key: Key): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `maxCommits` is `TABSWARM_MAX_COMMITS` in the environment. */
export function environmentNameOf(key: Key): string {
  return `TABSWARM_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What a command takes where nobody says otherwise, as typed; `undefined` where the model's recipe decides. */
export function defaultOf(key: Key, command: Command): unknown {
  const { default: standard, defaults } = SETTINGS[key];
  return command in defaults ? defaults[command] : standard;
}
