import type { Clock } from '../clock.ts';

/** A device that a plan left without work is measured again after this time: it may have got faster. */
const RESERVE_MS = 30_000;

/** Times how long devices are without work. */
export class Reserves {
  readonly #clock: Clock;
  readonly #over: (device: string) => void;
  readonly #cancel = new Map<string, () => void>();

  /** @param over a device has been without work for long enough. */
  constructor(clock: Clock, over: (device: string) => void) {
    this.#clock = clock;
    this.#over = over;
  }

  /** These are without work now, and no others. */
  are(devices: readonly string[]): void {
    for (const [device, cancel] of this.#cancel) {
      if (devices.includes(device)) continue;
      cancel();
      this.#cancel.delete(device);
    }
    for (const device of devices) {
      if (this.#cancel.has(device)) continue;
      const end = () => {
        this.#cancel.delete(device);
        this.#over(device);
      };
      this.#cancel.set(device, this.#clock.after(RESERVE_MS, end));
    }
  }
}
