/** While there are few commits the average reaches back over this share of them: early parameters are far off. */
const SHARE_OF_COMMITS = 1 / 10;

/**
 * A moving average of the parameters from commit to commit, which is a better model than the newest parameters are:
 * what each commit adds by chance cancels out (Polyak and Juditsky 1992; with weights that fall exponentially, as here,
 * Kingma and Ba 2015, section 7.2). Training itself goes on from the newest [OP4].
 */
export class WeightAverage {
  readonly #reach: number;
  readonly #values: Float32Array;

  /**
   * @param reach commits that count, about; at least 1.
   * @param values what it is so far; changed from now on.
   */
  constructor(reach: number, values: Float32Array) {
    this.#reach = reach;
    this.#values = values;
  }

  /**
   * Includes the parameters of a version, as long as the average.
   * @param updates the update records so far, that version's among them.
   */
  include(parameters: Float32Array, updates: number): void {
    const f = Math.fround;
    const weight = f(Math.max(1 / this.#reach, 1 / (1 + SHARE_OF_COMMITS * updates)));
    for (let i = 0; i < this.#values.length; i++) {
      const before = this.#values[i] ?? 0;
      this.#values[i] = before + f(weight * f((parameters[i] ?? 0) - before));
    }
  }

  copy(): Float32Array {
    return this.#values.slice();
  }
}
