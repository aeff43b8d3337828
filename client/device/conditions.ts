import { UNKNOWN_CONDITIONS, type Conditions } from '../../shared/profile/profile.ts';

/** Weight of the newest round trip in the average. */
const AVERAGE_WEIGHT = 0.3;

/** The conditions of one device: what its page told last, and what its worker measured itself. */
export class DeviceConditions {
  readonly #now: () => number;
  #present: Conditions;

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(now: () => number, told: Partial<Conditions> = {}) {
    this.#now = now;
    this.#present = { ...UNKNOWN_CONDITIONS, ...told };
  }

  get present(): Conditions {
    return this.#present;
  }

  /** Some conditions changed. */
  told(news: Partial<Conditions>): void {
    this.#present = { ...this.#present, ...news };
  }

  /** Asks the server something that it answers at once, and counts how long that takes. */
  async roundTrip<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const begun = this.#now();
    const answer = await ask();
    const newest = this.#now() - begun;
    const before = this.#present.roundTripMs ?? newest;
    this.told({ roundTripMs: before + AVERAGE_WEIGHT * (newest - before) });
    return answer;
  }

  /** `bytes` came over the network since `begun` of the same clock. */
  fetched(bytes: number, begun: number): void {
    // A clock that browsers made coarse may show no time at all.
    const elapsed = Math.max(1, this.#now() - begun);
    this.told({ downlink: (1000 * bytes) / elapsed });
  }
}
