import { initialParameters } from '../../shared/model/initialise.ts';
import type { Measurement } from '../../shared/protocol/admin.ts';
import { describeStop, type RunState, type StopReason } from '../../shared/protocol/runState.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import type { Clock } from '../core/clock.ts';
import { createOptimizer, type OptimizerState } from '../core/shard/optimizer.ts';
import { NEWEST } from '../core/shard/shardPort.ts';
import { fitNote } from '../dataset/fit.ts';
import { DATASETS } from '../dataset/datasets.ts';
import { DataFolder } from '../store/dataFolder.ts';
import { StoreError } from '../store/errors.ts';
import type { RunRecord, StoredRun } from '../store/runs.ts';
import { settingsOf, type Config, type Remembered } from '../config/config.ts';
import { COMMANDS } from '../config/commands.ts';
import { flagOf, type Key } from '../config/flags.ts';
import { unauditedNote } from './unauditedNote.ts';
import type { Calendar } from './machineTime.ts';

/** Settings and model take no more than this in a checkpoint. */
const METADATA_BYTES = 256 * 1024;

/** What a run begins from: a seed, or a checkpoint. */
export interface StartState {
  /** How the run stands at first. */
  state: RunState;
  /** Why it is stopped, where it is. */
  stop: StopReason | null;
  version: number;
  /** Update records so far. */
  updates: number;
  samples: number;
  seconds: number;
  parameters: Float32Array;
  optimizerState?: OptimizerState;
  measurements: readonly Measurement[];
  /** When the checkpoint that it goes on from was saved; null where there is none. */
  savedAt: string | null;
}

/** A configuration and what its run begins from. */
export interface PreparedRun {
  config: Config;
  /** To be closed by the starter of the run. */
  folder: DataFolder;
  /** What outlasts the process of the run. */
  record: RunRecord;
  start: StartState;
}

export interface PrepareRunOptions {
  /** Reads the configuration; again, given the settings that a run of the store has. */
  load: (remembered?: Remembered) => Config;
  /** The data folder of a command that was given none. */
  temporary: string | null;
  clock: Clock;
  calendar: Calendar;
  note: (line: string) => void;
}

/**
 * Takes the data folder and finds out what a run begins from. A server goes on with the newest run of the store, whose
 * settings stand where the command line has no others [CK8]; with `--new`, and in a demo, another run begins [CK7].
 * @throws {StoreError} where the folder is another server's, its store cannot be used, or no checkpoint could be written
 *   there [CK10, CK11].
 */
export async function prepareRun(options: PrepareRunOptions): Promise<PreparedRun> {
  const { load, temporary, clock, note } = options;
  const asked = load();
  const folder = await DataFolder.open(asked.dataDir ?? temporary ?? '.', clock, note);
  try {
    const prepared = await prepareIn(folder, asked, options);
    const { spec, dataset } = prepared.config;
    for (const odd of [fitNote(spec, DATASETS[dataset].description), unauditedNote(prepared.config)]) {
      if (odd !== null) note(odd);
    }
    return { folder, ...prepared };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function prepareIn(
  folder: DataFolder,
  asked: Config,
  { load, calendar, note }: PrepareRunOptions,
): Promise<Omit<PreparedRun, 'folder'>> {
  const newest = beginsAnother(asked) ? null : await folder.runs.newest();
  if (newest !== null) return goOn(folder, newest, load, note);
  if (asked.checkpoint !== null)
    throw new StoreError(`there is no run yet that has a checkpoint of version ${asked.checkpoint}`);
  await folder.checkpoints.rehearse(checkpointBytes(asked));
  const job = { model: asked.spec, dataset: asked.dataset, settings: settingsOf(asked) };
  const record = await folder.runs.begin(job, calendar.today());
  return { config: asked, record, start: freshStart(asked) };
}

function beginsAnother({ command, new: isNew }: Config): boolean {
  return isNew || COMMANDS[command].startsWorkers;
}

/** @throws {StoreError} where the run is of another model, optimizer or data set, or its checkpoint cannot be used. */
async function goOn(
  { checkpoints, runs }: DataFolder,
  stored: StoredRun,
  load: PrepareRunOptions['load'],
  note: (line: string) => void,
): Promise<Omit<PreparedRun, 'folder'>> {
  const { row } = stored;
  const config = load(row.settings);
  refuseAnother(stored, config);
  const kept = await checkpoints.list(row.run);
  const from = kept.find(({ version }) => config.checkpoint === null || version === config.checkpoint);
  if (from === undefined && config.checkpoint !== null)
    throw new StoreError(
      `run ${row.run} has no checkpoint of version ${config.checkpoint}: it keeps ${kept.map(({ version }) => version).join(', ') || 'none'}`,
    );
  const checkpoint = from === undefined ? null : await checkpoints.load(from);
  await checkpoints.rehearse(checkpointBytes(config));
  const record = await runs.goOn(stored, from?.version ?? 0);
  const standing = standingOf(stored, config);
  // Nothing is refused any more.
  const begun = from === undefined ? 'its beginning' : `version ${from.version}, saved at ${from.savedAt}`;
  note(`Going on with run ${row.run} from ${begun}. ${SAID[standing.state](standing.stop)}`.trimEnd());
  if (checkpoint === null) return { config, record, start: { ...freshStart(config), ...standing } };
  const { version, updates, samples, seconds, parameters, optimizer, savedAt } = checkpoint;
  const measurements = record.measurementsBefore;
  const { optimizer: madeBy = config.optimizer } = checkpoint.settings;
  const reached = {
    version,
    updates,
    samples,
    seconds: from?.seconds ?? seconds,
    parameters,
    optimizerState: madeBy === config.optimizer ? optimizer : freshState(optimizer, config),
  };
  return { config, record, start: { ...standing, ...reached, measurements, savedAt } };
}

/** The state of another optimizer than a checkpoint is of; the parameters that training goes on from stay [CF2]. */
function freshState(
  { slots }: OptimizerState,
  { spec, optimizer: kind, lr, momentum }: Config,
): OptimizerState {
  const { state } = createOptimizer({ kind, lr, momentum }, layoutOf(spec).length);
  const { [NEWEST]: newest } = slots;
  return newest === undefined ? state : { ...state, slots: { ...state.slots, [NEWEST]: newest } };
}

/** What is said of how a run stands that goes on. */
const SAID: Readonly<Record<RunState, (stop: StopReason | null) => string>> = {
  running: () => '',
  paused: () => 'It is paused, as it was: start it in the console or by npm run control.',
  stopped: (stop) => `It ${describeStop(stop)} and is served as it ended: --new begins another run.`,
};

/** The setting that ended a run; the run goes on where it has another value now. */
const ENDED_BY: Readonly<Partial<Record<StopReason, Key>>> = {
  target: 'target',
  'max-commits': 'maxCommits',
  'max-seconds': 'maxSeconds',
};

function standingOf({ row }: StoredRun, config: Config): Pick<StartState, 'state' | 'stop'> {
  const limit = row.stop === null ? undefined : ENDED_BY[row.stop];
  const isLifted = limit !== undefined && settingsOf(config)[limit] !== row.settings[limit];
  return isLifted ? { state: 'running', stop: null } : { state: row.state, stop: row.stop };
}

/** @throws {StoreError} naming what of the run cannot be changed, where it is asked for. */
function refuseAnother({ row, job }: StoredRun, config: Config): void {
  const another = (what: string, has: unknown, asked: unknown) =>
    new StoreError(
      `run ${row.run} has the ${what} ${String(has)}, not ${String(asked)}: ${flagOf('new')} begins another run`,
    );
  if (JSON.stringify(job.model) !== JSON.stringify(config.spec)) {
    const { name } = job.model as { name: string };
    throw name === config.spec.name
      ? new StoreError(
          `run ${row.run} has another declaration of the model ${name}: ${flagOf('new')} begins another run`,
        )
      : another('model', name, config.spec.name);
  }
  const { optimizer } = row.settings;
  if (optimizer !== undefined && optimizer !== config.optimizer)
    throw another('optimizer', optimizer, config.optimizer);
  if (job.dataset !== config.dataset) throw another('data set', job.dataset, config.dataset);
}

/** Bytes of a checkpoint, about: its vectors, and something for the rest. */
function checkpointBytes({ spec, optimizer: kind, lr, momentum, average }: Config): number {
  const slots = Object.keys(createOptimizer({ kind, lr, momentum }, 0).state.slots).length;
  const vectors = 1 + slots + (average === null ? 0 : 1);
  return 4 * layoutOf(spec).length * vectors + METADATA_BYTES;
}

/** The beginning of a run from its seed. */
export function freshStart({ spec, seed }: Config): StartState {
  const parameters = initialParameters(spec, seed);
  const begun = { state: 'running', stop: null, measurements: [], savedAt: null } as const;
  return { ...begun, version: 0, updates: 0, samples: 0, seconds: 0, parameters };
}
