import type { HttpError } from '../../shared/protocol/httpErrors.ts';
import type { SettingChanges } from '../../shared/protocol/liveSettings.ts';
import { liveSettingsOf, readChanges } from '../config/changes.ts';
import { ConfigError, type Config } from '../config/config.ts';
import { changedSettings, type LiveChanges, type LiveSettings } from '../core/liveSettings.ts';
import { RollbackError, type RollbackFault } from '../core/run/rollback.ts';
import type { Run } from '../core/run/run.ts';
import type { RunActionHandlers } from '../http/admin.ts';
import { HttpRefusal } from '../http/refusals.ts';
import { systemErrorMessage } from '../store/errors.ts';

export interface ActionParts {
  run: Run;
  /** Answers when how the run stands now is kept, or that has failed, which is told. */
  kept: () => Promise<void>;
  /** Whether checkpoints outlive the run: a demo's own folder does not. */
  keeps: boolean;
  /** The settings in force. */
  config: () => Config;
  /** Keeps settings for the next start of the run. */
  keepSettings: (settings: LiveSettings) => Promise<void>;
  /** Told what an operator had done, for the log. */
  told: (line: string) => void;
}

/** The handlers of one run. */
export function runActionHandlers(parts: ActionParts): RunActionHandlers {
  const { run, kept } = parts;
  /** The last change of settings: they are made one at a time, each to those in force then [CF11]. */
  let last: Promise<unknown> = Promise.resolve();
  const configureInOrder = (changes: SettingChanges) => {
    const done = last.then(() => configure(parts, changes));
    last = done.catch(() => undefined);
    return done;
  };
  return {
    start: () => start(parts),
    pause: () => {
      run.pause();
      return kept();
    },
    stop: async () => {
      await run.stop('stopped');
      await kept();
    },
    save: () => save(parts),
    configure: async ({ changes }) => {
      await configureInOrder(changes);
      // What is answered as done is there after a crash; a save that fails is shown as such.
      if (parts.keeps) await run.save();
    },
    rollback: ({ version }) => rollback(parts, version),
  };
}

/** @throws {HttpRefusal} where a part of the model is gone. */
async function start({ run, kept }: ActionParts): Promise<void> {
  checkWhole(run);
  await run.start();
  await kept();
}

/** @throws {HttpRefusal} where a part of the model is gone. */
function checkWhole(run: Run): void {
  if (run.lostShard) {
    throw new HttpRefusal(
      'SHARD_LOST',
      'This run lost a shard process. Start the shard again, then the server.',
    );
  }
}

/** @throws {HttpRefusal} where there is nothing to save, or nowhere, or it fails. */
async function save({ run, keeps }: ActionParts): Promise<void> {
  if (!keeps) {
    throw new HttpRefusal(
      'NO_DATA_FOLDER',
      'The folder of this run is removed when it ends. Start it with --data-dir.',
    );
  }
  if (run.status().version === 0) {
    throw new HttpRefusal('NOTHING_TO_SAVE', 'There was no commit yet: the model is as its seed made it.');
  }
  const outcome = await run.save();
  if (!outcome.saved)
    throw new HttpRefusal('SAVE_FAILED', `The save failed: ${systemErrorMessage(outcome.error)}`);
}

/** @throws {HttpRefusal} where a part of the model is gone, or a change is wrong: nothing is changed then. */
async function configure(parts: ActionParts, asked: SettingChanges): Promise<void> {
  const { run, config, keepSettings, told } = parts;
  checkWhole(run);
  const changes = changesOf(config(), asked);
  try {
    await keepSettings(changedSettings(liveSettingsOf(config()), changes));
  } catch (error) {
    throw new HttpRefusal('SAVE_FAILED', `The settings cannot be kept: ${systemErrorMessage(error)}`);
  }
  run.configure(changes);
  const listed = Object.entries(changes).map(([name, value]) => `${name} to ${value ?? 'none'}`);
  told(`The admin changed ${listed.join(', ')}, from version ${run.status().version} on.`);
}

const ROLLBACK_REFUSALS: Readonly<Record<RollbackFault, HttpError>> = {
  unknown: 'NO_SUCH_VERSION',
  unusable: 'NOT_RESTORED',
  ended: 'WRONG_STATE',
};

/** @throws {HttpRefusal} where a part of the model is gone, or the state of the version cannot be had: nothing is changed then. */
async function rollback({ run, told }: ActionParts, version: number): Promise<void> {
  checkWhole(run);
  try {
    const made = await run.rollBack(version);
    told(`The admin rolled the run back to version ${version}, as version ${made}.`);
  } catch (error) {
    if (error instanceof RollbackError) throw new HttpRefusal(ROLLBACK_REFUSALS[error.fault], error.message);
    throw error;
  }
}

function changesOf(config: Config, asked: SettingChanges): LiveChanges {
  try {
    return readChanges(config, asked);
  } catch (error) {
    if (error instanceof ConfigError) throw new HttpRefusal('MALFORMED', error.message);
    throw error;
  }
}
