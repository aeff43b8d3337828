import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { News } from './news.ts';
import { Pace } from './pace.ts';
import { Rate } from './rate.ts';

type Progress = Extract<News, { type: 'progress' }>;

const RATE_WINDOW_MS = 5000;
/** Figures of a device change a hundred times a second; people read no faster than this. */
const PROGRESS_EVERY_MS = 250;
/** A speed is computed again after this time without a unit: nothing else shows that work has stopped. */
const LOOK_AGAIN_MS = 1000;

/** Updates that are part of the model, or will be with the rest of their round. */
const COUNTS: ReadonlySet<Outcome> = new Set<Outcome>(['APPLIED', 'KEPT']);

/** The outcomes of a device's units, sent to the page that shows them. */
export class Figures {
  readonly #rate: Rate;
  readonly #pace: Pace<Progress>;
  readonly #totals = { applied: 0, lost: 0, samples: 0 };
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(now: () => number, tell: (progress: Progress) => void) {
    this.#rate = new Rate(RATE_WINDOW_MS, now);
    this.#pace = new Pace(PROGRESS_EVERY_MS, tell);
  }

  /** @param samples 0 where the unit failed on the device. */
  unit(outcome: Outcome, samples: number): void {
    if (samples > 0) this.#rate.add(samples);
    if (COUNTS.has(outcome)) {
      this.#totals.applied++;
      this.#totals.samples += samples;
    } else if (outcome !== 'WITHDRAWN' || samples === 0) {
      // An update that was complete when the run ended is not lost [PG2].
      this.#totals.lost++;
    }
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#again);
    const samplesPerSecond = this.#rate.perSecond();
    this.#pace.offer({ type: 'progress', samplesPerSecond, ...this.#totals });
    if (samplesPerSecond > 0) this.#again = setTimeout(() => this.#tell(), LOOK_AGAIN_MS);
  }
}
