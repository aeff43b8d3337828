import { Guard, type GuardParts, type GuardedRun } from '../core/run/guard.ts';
import type { Evaluator } from '../threads/evaluator.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { RunEvents } from './runEvents.ts';

/** Images that the guard checks a version on [GU2]. */
export const GUARD_IMAGES = 128;

export interface GuardOfParts extends Pick<GuardParts, 'clock' | 'coordinator'> {
  /** Null: the run has no guard. */
  jump: number | null;
  /** Measures on a sample of the test images; null where there is no guard. */
  sampler: Pick<Evaluator, 'evaluate'> | null;
  events: RunEvents;
  log: (line: string) => void;
}

/** The guard of a run, where it has one; what it does is recorded and logged. */
export function guardOf(
  { jump, sampler, events, log, ...common }: GuardOfParts,
  run: GuardedRun,
): Guard | null {
  if (jump === null || sampler === null) return null;
  return new Guard({
    ...common,
    run,
    jump,
    lossOf: async (parameters) => (await sampler.evaluate(parameters)).testLoss,
    rescued: (rescue) => {
      events.rescued(rescue);
      log(
        `The model of version ${rescue.bad} had gone bad: the state of version ${rescue.of} is back, as version ${rescue.made}.`,
      );
    },
    undid: (undoing) => {
      const { bad, of, made } = undoing;
      events.undid(undoing);
      log(
        `Half or more of what made version ${bad} was found wrong: the state of version ${of} is back, as version ${made}.`,
      );
    },
    gaveUp: () => {
      events.gaveUp(common.coordinator.version);
      log('The model went bad again and again, so the run is paused: look at its devices and its settings.');
    },
    failed: (error) => log(`a check of the model failed: ${systemErrorMessage(error)}`),
  });
}
