/** One device may be at fault alone. */
const LEAST = 2;

/** Whose last update could not be part of the model: where that is so of most, the model is to blame, not they. */
export class Refusals {
  readonly #devices = new Set<string>();

  /**
   * An update of this device could not be part of the model.
   * @param devices that are present.
   * @returns whether the last updates of most of them could not.
   */
  refused(device: string, devices: readonly { id: string }[]): boolean {
    this.#devices.add(device);
    const refused = devices.filter(({ id }) => this.#devices.has(id)).length;
    return refused >= LEAST && refused > devices.length / 2;
  }

  /** An update of this device became part of the model. */
  applied(device: string): void {
    this.#devices.delete(device);
  }

  /** The model is another one. */
  forget(): void {
    this.#devices.clear();
  }
}
