import { join } from 'node:path';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { Measurement } from '../../shared/protocol/admin.ts';
import type { OptimizerState } from '../core/optimizer.ts';
import { CheckpointStore, type Checkpoint } from '../store/checkpoint.ts';
import { StoreError } from '../store/errors.ts';
import type { Config, Remembered } from './config.ts';

/** What a run begins from: a seed, or a checkpoint. */
export interface Beginning {
  version: number;
  samples: number;
  seconds: number;
  parameters: Float32Array;
  optimizerState?: OptimizerState;
  measurements: Measurement[];
}

/** A configuration and what its run begins from. */
export interface Begun {
  config: Config;
  checkpoints: CheckpointStore;
  beginning: Beginning;
}

/**
 * Finds out what a run begins from. With `--resume` that is the newest checkpoint, and its settings stand where
 * the command line has no others; without, the checkpoints of an earlier run are set aside [CK8].
 * @param load reads the configuration again, given the settings that a checkpoint remembers.
 * @param temporary the data folder of a command that has none of its own.
 */
export async function beginRun(
  load: (remembered?: Remembered) => Config,
  temporary: string | null,
  note: (line: string) => void,
): Promise<Begun> {
  const asked = load();
  const checkpoints = new CheckpointStore(join(asked.dataDir ?? temporary ?? '.', 'checkpoints'));
  const newest = asked.resume ? await checkpoints.newest() : null;
  if (newest !== null) {
    note(`Going on from version ${newest.version}, saved at ${newest.savedAt}.`);
    const config = load(newest.settings);
    return { config, checkpoints, beginning: resumedBeginning(newest, config) };
  }
  if (asked.resume) note('There is no checkpoint to go on from: this run begins anew.');
  const moved = await checkpoints.setAside();
  if (moved !== null) note(`The checkpoints of an earlier run are now in ${moved}.`);
  return { config: asked, checkpoints, beginning: freshBeginning(asked) };
}

/** The beginning of a run from its seed. */
function freshBeginning({ spec, seed }: Config): Beginning {
  return { version: 0, samples: 0, seconds: 0, parameters: initialParameters(spec, seed), measurements: [] };
}

/**
 * The beginning that a checkpoint holds [CK8].
 * @throws {StoreError} where it is of another model or optimizer than the configuration.
 */
function resumedBeginning(checkpoint: Checkpoint, config: Config): Beginning {
  const { version, samples, seconds, parameters, optimizer, measurements, model, settings } = checkpoint;
  if (JSON.stringify(model) !== JSON.stringify(config.spec)) {
    throw new StoreError(`the checkpoint is of the model ${model.name}, which is not the one asked for`);
  }
  if (settings['optimizer'] !== config.optimizer) {
    throw new StoreError(
      `the checkpoint was made with the optimizer ${String(settings['optimizer'])}, not ${config.optimizer}`,
    );
  }
  return { version, samples, seconds, parameters, optimizerState: optimizer, measurements };
}
