import type { TrustState } from '../../../shared/protocol/trust.ts';
import { TRUST } from '../crowd/trust.ts';
import { UsualNorms, type NormedUpdate } from './usualNorms.ts';

/**
 * Keeps one update from moving the model far more than updates usually do: a norm above a multiple of the usual one, which
 * depends on how far its device is trusted, is scaled down to that [NB4].
 */
export class NormBound {
  readonly #usual = new UsualNorms();

  /** What the values of an update are multiplied by, above 0 and at most 1. */
  scaleOf(update: NormedUpdate, trust: TrustState): number {
    const usual = this.#usual.of(update);
    if (usual === undefined || usual === 0) return 1;
    const bound = usual * TRUST[trust].clipsAt;
    return update.norm > bound ? bound / update.norm : 1;
  }

  /** Takes note of an update that became part of the model, scaled so: nobody moves what is usual by more than the bound. */
  learn(update: NormedUpdate, scale: number): void {
    this.#usual.learn({ ...update, norm: update.norm * scale });
  }

  /** An update of this device was found wrong: nothing of it says what is usual [NB6]. */
  forget(device: string): void {
    this.#usual.forget(device);
  }
}
