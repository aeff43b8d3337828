/** Limits how often a page is drawn: each drawing takes from the cores that train. */
export class Pace<Value> {
  readonly #everyMs: number;
  readonly #show: (value: Value) => void;
  #due: { value: Value } | null = null;
  #resting = false;

  /** @param show is called at once, then with the newest value whenever `everyMs` have passed and there is one. */
  constructor(everyMs: number, show: (value: Value) => void) {
    this.#everyMs = everyMs;
    this.#show = show;
  }

  offer(value: Value): void {
    if (this.#resting) {
      this.#due = { value };
      return;
    }
    this.#resting = true;
    setTimeout(() => this.#wake(), this.#everyMs);
    this.#show(value);
  }

  #wake(): void {
    this.#resting = false;
    const due = this.#due;
    this.#due = null;
    if (due !== null) this.offer(due.value);
  }
}
