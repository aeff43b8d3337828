import type { KeptVersion, Measurement } from '../../shared/protocol/admin.ts';
import type { KeptState, MarkedVersion } from '../core/run/marks.ts';
import { RollbackError } from '../core/run/rollback.ts';
import { OPTIMIZER_NAMES } from '../core/shard/optimizer.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { RunRecord } from '../store/runs.ts';

interface Kept {
  record: Pick<RunRecord, 'checkpoints' | 'load'>;
  /** Versions whose state the shards keep as good. */
  marked: readonly MarkedVersion[];
  measurements: readonly Measurement[];
}

/** The versions that a run can be rolled back to, newest first: those of checkpoints, and those that shards keep [RS7]. */
export async function keptVersions({ record, marked, measurements }: Kept): Promise<KeptVersion[]> {
  const rows = await record.checkpoints();
  const saved = rows.map(({ version, updates, samples, measured, good, savedAt }) => ({
    version,
    updates,
    samples,
    testAccuracy: measured?.testAccuracy ?? null,
    good,
    savedAt,
  }));
  const inShards = marked
    .filter(({ version }) => !saved.some((row) => row.version === version))
    .flatMap(({ version, updates }) => {
      const measured = measurements.find((each) => each.version === version);
      if (measured === undefined) return [];
      const { samples, testAccuracy } = measured;
      return [{ version, updates, samples, testAccuracy, good: true, savedAt: null }];
    });
  return [...saved, ...inShards].sort((one, other) => other.version - one.version);
}

/** The state that a checkpoint has. @throws {RollbackError} where there is none of this version, or it cannot be used. */
export async function keptStateOf(record: Kept['record'], version: number): Promise<KeptState> {
  const rows = await record.checkpoints();
  const row = rows.find((each) => each.version === version);
  if (row === undefined) throw new RollbackError('unknown', `No state of version ${version} is kept.`);
  const checkpoint = await record.load(row).catch((error: unknown) => {
    throw new RollbackError('unusable', systemErrorMessage(error), { cause: error });
  });
  const { parameters, optimizer: optimizerState, settings } = checkpoint;
  const optimizer = OPTIMIZER_NAMES.find((name) => name === settings['optimizer']);
  if (optimizer === undefined)
    throw new RollbackError('unusable', `The checkpoint of version ${version} names no optimizer.`);
  return { version, parameters, optimizerState, optimizer };
}
