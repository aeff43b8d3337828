/** Weight of the newest round in the average; the first few count alike. */
const MIN_WEIGHT = 0.05;

/**
 * How much longer rounds last than their slowest unit is expected to: many units are never all as quick as usual, and
 * the server has work of its own between two rounds. Short rounds suffer from it most [PL4].
 */
export class RoundOverhead {
  #ms = 0;
  #rounds = 0;

  /** Milliseconds a round; 0 before the first. */
  get ms(): number {
    return this.#ms;
  }

  /** A round took `elapsedMs`, and its slowest unit was expected to take `expectedMs` of it. */
  took(elapsedMs: number, expectedMs: number): void {
    // A pause of the run, or of a device, is not what rounds take.
    const overhead = Math.max(0, Math.min(elapsedMs - expectedMs, 2 * expectedMs));
    this.#rounds++;
    this.#ms += Math.max(MIN_WEIGHT, 1 / this.#rounds) * (overhead - this.#ms);
  }
}
