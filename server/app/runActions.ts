import type { RunAction } from '../../shared/protocol/runActions.ts';
import type { Run } from '../core/run/run.ts';
import { HttpRefusal } from '../http/refusals.ts';
import { systemErrorMessage } from '../store/errors.ts';

/** What the server does for each action of the console; done when the promise is, or else it throws a {@link HttpRefusal}. */
export type RunActionHandlers = Readonly<Record<RunAction, () => Promise<void>>>;

export interface ActionParts {
  run: Run;
  /** Answers when how the run stands now is kept, or that has failed, which is told. */
  kept: () => Promise<void>;
  /** Whether checkpoints outlive the run: a demo's own folder does not. */
  keeps: boolean;
}

/** The handlers of one run. */
export function runActionHandlers(parts: ActionParts): RunActionHandlers {
  const { run, kept } = parts;
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
  };
}

/** @throws {HttpRefusal} where a part of the model is gone. */
async function start({ run, kept }: ActionParts): Promise<void> {
  if (run.lostShard) {
    throw new HttpRefusal(
      'SHARD_LOST',
      'This run lost a shard process. Start the shard again, then the server.',
    );
  }
  await run.start();
  await kept();
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
