import { UsualNorms, type NormedUnit, type NormedUpdate } from './usualNorms.ts';

/**
 * Keeps one update from moving the model far more than updates usually do: a norm above a multiple of the usual one, which
 * depends on who vouches for its device, is scaled down to that [NB4].
 */
export class NormBound {
  readonly #usual = new UsualNorms();

  /**
   * What the values of an update are multiplied by, above 0 and at most 1.
   * @param most the multiple of the usual norm that its device may have.
   */
  scaleOf(update: NormedUpdate, most: number): number {
    const usual = this.#usual.of(update);
    if (usual === undefined || usual === 0) return 1;
    const bound = usual * most;
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
