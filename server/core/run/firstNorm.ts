/** What waits until the server has computed a first unit itself: before that it is not known which norm is usual [NB7]. */
export class FirstNorm {
  /** Null where nothing waits. */
  #waiting: (() => void)[] | null = null;

  /** A first unit is being computed. */
  expect(): void {
    this.#waiting ??= [];
  }

  /** @returns whether that is to be waited for; then `after` is called once. */
  holds(after: () => void): boolean {
    this.#waiting?.push(after);
    return this.#waiting !== null;
  }

  /** It is computed, or cannot be. */
  settle(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const after of waiting) after();
  }
}
