/** Hands out the numbers of seats: to each the smallest that no other has [LS17]. */
export class SeatNumbers {
  /** Numbers below {@link SeatNumbers.#next} that are free, the smallest last. */
  readonly #free: number[] = [];
  /** Was never taken, like all above it. */
  #next = 0;

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  /** @param number that was taken, and is taken no more. */
  release(number: number): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#free[middle] ?? 0) > number) low = middle + 1;
      else high = middle;
    }
    this.#free.splice(low, 0, number);
  }
}
