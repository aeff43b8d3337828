import { lowerMedian } from '../median.ts';

/** Losses that the usual one is the median of. */
const REMEMBERED = 15;
/** Fewer say too little about what is usual. */
const LEAST = 3;
/** A small loss may rise by this much, whatever part of it that is: a sample of a few hundred images is uneven. */
const MARGIN = 0.5;

/** Tells a loss that jumps from one that falls, or wavers as in honest training. */
export class LossWatch {
  readonly #jump: number;
  #recent: number[] = [];

  /** @param jump a loss of more than this many times the usual one has jumped. */
  constructor(jump: number) {
    this.#jump = jump;
  }

  /** The median of the last steady losses; undefined before there are a few. */
  get usual(): number | undefined {
    return this.#recent.length < LEAST ? undefined : lowerMedian(this.#recent);
  }

  /** Nothing is usual until there are a few losses again. */
  forget(): void {
    this.#recent = [];
  }

  /**
   * @param loss mean cross-entropy on one sample, the same each time; where it has not jumped it becomes part of what is
   *   usual.
   */
  hasJumped(loss: number): boolean {
    const { usual } = this;
    if (!Number.isFinite(loss)) return true;
    if (usual !== undefined && loss > usual * this.#jump + MARGIN) return true;
    this.#recent = [...this.#recent, loss].slice(-REMEMBERED);
    return false;
  }
}
