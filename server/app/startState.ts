import { initialParameters } from '../../shared/model/initialise.ts';
import type { Measurement } from '../../shared/protocol/admin.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import type { Clock } from '../core/clock.ts';
import { createOptimizer, type OptimizerState } from '../core/shard/optimizer.ts';
import type { Checkpoint } from '../store/checkpoint.ts';
import { fitNote } from '../dataset/fit.ts';
import { DATASET_BEFORE_CHOICE, DATASETS } from '../dataset/datasets.ts';
import { DataFolder } from '../store/dataFolder.ts';
import { StoreError } from '../store/errors.ts';
import type { Config, Remembered } from '../config/config.ts';

/** Settings, model and a long list of measurements take no more than this in a checkpoint. */
const METADATA_BYTES = 256 * 1024;

/** What a run begins from: a seed, or a checkpoint. */
export interface StartState {
  version: number;
  samples: number;
  seconds: number;
  parameters: Float32Array;
  optimizerState?: OptimizerState;
  measurements: Measurement[];
  /** When the checkpoint that it goes on from was saved; null where there is none. */
  savedAt: string | null;
}

/** A configuration and what its run begins from. */
export interface PreparedRun {
  config: Config;
  /** To be closed by the starter of the run. */
  folder: DataFolder;
  start: StartState;
}

export interface PrepareRunOptions {
  /** Reads the configuration; again, given the settings that a checkpoint remembers. */
  load: (remembered?: Remembered) => Config;
  /** The data folder of a command that was given none. */
  temporary: string | null;
  clock: Clock;
  note: (line: string) => void;
}

/**
 * Takes the data folder and finds out what a run begins from. With `--resume` that is the newest checkpoint, and
 * its settings stand where the command line has no others; without, the checkpoints of an earlier run are set
 * aside [CK8].
 * @throws {StoreError} where the folder is another server's, or no checkpoint could be written there [CK10, CK11].
 */
export async function prepareRun({ load, temporary, clock, note }: PrepareRunOptions): Promise<PreparedRun> {
  const asked = load();
  const folder = await DataFolder.open(asked.dataDir ?? temporary ?? '.', clock, note);
  try {
    const prepared = await prepareIn(folder, asked, load, note);
    const { spec, dataset } = prepared.config;
    const odd = fitNote(spec, DATASETS[dataset].description);
    if (odd !== null) note(odd);
    return { folder, ...prepared };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function prepareIn(
  { checkpoints }: DataFolder,
  asked: Config,
  load: PrepareRunOptions['load'],
  note: (line: string) => void,
): Promise<Omit<PreparedRun, 'folder'>> {
  const newest = asked.resume ? await checkpoints.newest() : null;
  if (newest !== null) {
    const config = load(newest.settings);
    const odd: string[] = [];
    const start = resumedStart(newest, config, (line) => void odd.push(line));
    await checkpoints.rehearse(checkpointBytes(config));
    // Nothing is refused any more.
    note(`Going on from version ${newest.version}, saved at ${newest.savedAt}.`);
    for (const line of odd) note(line);
    return { config, start };
  }
  await checkpoints.rehearse(checkpointBytes(asked));
  if (asked.resume) note('There is no checkpoint to go on from: this run begins anew.');
  const moved = await checkpoints.setAside();
  if (moved !== null) note(`The checkpoints of an earlier run are now in ${moved}.`);
  return { config: asked, start: freshStart(asked) };
}

/** Bytes of a checkpoint, about: its vectors, and something for the rest. */
function checkpointBytes({ spec, optimizer: kind, lr, momentum, average }: Config): number {
  const slots = Object.keys(createOptimizer({ kind, lr, momentum }, 0).state.slots).length;
  const vectors = 1 + slots + (average === null ? 0 : 1);
  return 4 * layoutOf(spec).length * vectors + METADATA_BYTES;
}

/** The beginning of a run from its seed. */
function freshStart({ spec, seed }: Config): StartState {
  const parameters = initialParameters(spec, seed);
  return { version: 0, samples: 0, seconds: 0, parameters, measurements: [], savedAt: null };
}

/**
 * The beginning that a checkpoint holds [CK8].
 * @throws {StoreError} where it is of another model, optimizer or data set than the configuration.
 */
function resumedStart(checkpoint: Checkpoint, config: Config, note: (line: string) => void): StartState {
  const { version, samples, parameters, optimizer, savedAt, model, settings } = checkpoint;
  if (JSON.stringify(model) !== JSON.stringify(config.spec)) {
    throw new StoreError(`the checkpoint is of the model ${model.name}, which is not the one asked for`);
  }
  if (settings['optimizer'] !== config.optimizer) {
    throw new StoreError(
      `the checkpoint was made with the optimizer ${String(settings['optimizer'])}, not ${config.optimizer}`,
    );
  }
  const dataset = settings['dataset'] ?? DATASET_BEFORE_CHOICE;
  if (dataset !== config.dataset) {
    throw new StoreError(`the checkpoint is of the data set ${String(dataset)}, not ${config.dataset}`);
  }
  const { seconds, measurements } = forwardInTime(checkpoint);
  if (seconds !== checkpoint.seconds) {
    const said = `${Math.round(checkpoint.seconds)} s`;
    note(
      `The time of the run in the checkpoint, ${said}, ran backwards: it goes on from ${Math.round(seconds)} s.`,
    );
  }
  return { version, samples, seconds, parameters, optimizerState: optimizer, measurements, savedAt };
}

/**
 * The time and measurements of a checkpoint whose time may run backwards or be below zero, as releases kept it whose
 * machine was set back: there it stands still instead [TI2].
 */
function forwardInTime(checkpoint: Checkpoint): Pick<StartState, 'seconds' | 'measurements'> {
  let latest = 0;
  const measurements = checkpoint.measurements.map((measurement) => {
    latest = Math.max(latest, measurement.seconds);
    return { ...measurement, seconds: latest };
  });
  return { seconds: Math.max(latest, checkpoint.seconds), measurements };
}
