import type { Clock } from '../clock.ts';

/** A device that a plan left without work is measured again after this time: it may have got faster. */
const RESERVE_MS = 30_000;
/** ... and after this one where it was at work by the plan before: it may have been busy for a moment only. */
const RESERVE_AFTER_WORK_MS = 5000;

/** A device without work. */
interface Idle {
  device: string;
  /** It was at work by a plan until now. */
  trained: boolean;
}

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
  are(idle: readonly Idle[]): void {
    const devices = new Set(idle.map(({ device }) => device));
    for (const [device, cancel] of this.#cancel) {
      if (devices.has(device)) continue;
      cancel();
      this.#cancel.delete(device);
    }
    for (const { device, trained } of idle) {
      if (this.#cancel.has(device)) continue;
      const end = () => {
        this.#cancel.delete(device);
        this.#over(device);
      };
      this.#cancel.set(device, this.#clock.after(trained ? RESERVE_AFTER_WORK_MS : RESERVE_MS, end));
    }
  }
}
