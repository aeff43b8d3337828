import { join } from 'node:path';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { Measurement } from '../../shared/protocol/admin.ts';
import type { OptimizerState } from '../core/optimizer.ts';
import { CheckpointStore, type Checkpoint } from '../store/checkpoint.ts';
import { StoreError } from '../store/errors.ts';
import type { Config } from './config.ts';

/** What a run begins from: a seed, or a checkpoint. */
export interface Beginning {
  version: number;
  samples: number;
  seconds: number;
  parameters: Float32Array;
  optimizerState?: OptimizerState;
  measurements: Measurement[];
}

/** Where the checkpoints of a data folder are. */
export function checkpointsOf(dataDir: string): CheckpointStore {
  return new CheckpointStore(join(dataDir, 'checkpoints'));
}

/** What `--resume` asks for, or a run from its seed; an earlier run's checkpoints are set aside then. */
export async function beginningOf(
  config: Config,
  checkpoints: CheckpointStore,
  note: (line: string) => void,
): Promise<Beginning> {
  if (!config.resume) {
    const moved = await checkpoints.setAside();
    if (moved !== null) note(`The checkpoints of an earlier run are now in ${moved}.`);
    return freshBeginning(config);
  }
  const newest = await checkpoints.newest();
  if (newest === null) {
    note('There is no checkpoint to go on from: this run begins anew.');
    return freshBeginning(config);
  }
  note(`Going on from version ${newest.version}, saved at ${newest.savedAt}.`);
  return resumedBeginning(newest, config);
}

/** The beginning of a run from its seed. */
export function freshBeginning({ spec, seed }: Config): Beginning {
  return { version: 0, samples: 0, seconds: 0, parameters: initialParameters(spec, seed), measurements: [] };
}

/**
 * The beginning that a checkpoint holds [CK8].
 * @throws {StoreError} where it is of another model or optimizer than the configuration.
 */
export function resumedBeginning(checkpoint: Checkpoint, config: Config): Beginning {
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
