import { UsualNorms, type NormedUnit, type NormedUpdate } from './usualNorms.ts';

/**
 * Of the usual norm. Honest updates of local steps had up to 4.5 times the median norm of those before, gradients of eight
 * images up to 14 times: what a device that the operator vouches for computes is as good as never scaled down, and the
 * others pay for a rare one. Trust that was earned does not suffice: in `async` one update is a commit.
 */
export const CLIPS_AT = { vouched: 30, earned: 5, bounded: 2 } as const;
/** How far a device is trusted, as far as its norms go. */
export type NormStanding = keyof typeof CLIPS_AT;

/**
 * Keeps one update from moving the model far more than updates usually do: a norm above a multiple of the usual one, which
 * depends on who vouches for its device, is scaled down to that [NB4].
 */
export class NormBound {
  readonly #usual = new UsualNorms();

  /** What the values of an update are multiplied by, above 0 and at most 1. */
  scaleOf(update: NormedUpdate, standing: NormStanding): number {
    const usual = this.#usual.of(update);
    if (usual === undefined || usual === 0) return 1;
    const bound = usual * CLIPS_AT[standing];
    return update.norm > bound ? bound / update.norm : 1;
  }

  /** Takes note of an update that became part of the model, scaled so: nobody moves what is usual by more than the bound. */
  learn(update: NormedUpdate, scale: number): void {
    this.#usual.learn({ ...update, norm: update.norm * scale });
  }

  /** The norm of an update that the server computed itself [NB7]. */
  refer(unit: NormedUnit, norm: number): void {
    this.#usual.refer(unit, norm);
  }

  /** An update of this device was found wrong: nothing of it says what is usual [NB6]. */
  forget(device: string): void {
    this.#usual.forget(device);
  }
}
