import { deriveSeed } from '../../../shared/random/generator.ts';
import { RecentMap } from '../recentMap.ts';

/** More do not wait for an audit: what is a minute old says little of what a device does now. */
const MOST = 256;
/** Of one device only its newest wait: a stock of honest updates is not to stand before later lies. */
const MOST_OF_DEVICE = 8;
/** Devices of which it is remembered when they were audited last. */
const REMEMBERED = 4096;

/** An update that waits for its audit. */
export interface QueuedUpdate {
  lease: number;
  device: string;
}

/**
 * Complete updates that wait for their audits. Devices take turns, whatever the number of their updates; of one device the newest
 * few wait, any of which may be next, so that it cannot choose what is audited; and one that has more in the queue than
 * another makes room for it: nobody keeps others from being audited by sending much [AT7].
 */
export class AuditQueue<Queued extends QueuedUpdate> {
  /** By lease, the oldest first. */
  readonly #updates = new Map<number, Queued>();
  /** How many each device has among them. */
  readonly #counts = new Map<string, number>();
  /** By device, which of all audits its last was. */
  readonly #turns = new RecentMap<string, number>(REMEMBERED);
  #taken = 0;
  readonly #seed: number;
  readonly #dropped: (update: Queued) => void;

  /** @param seed of what is drawn; no device may know it. @param dropped is told of each for which there is no room any more. */
  constructor(seed: number, dropped: (update: Queued) => void) {
    this.#seed = seed;
    this.#dropped = dropped;
  }

  get all(): Queued[] {
    return [...this.#updates.values()];
  }

  has(lease: number): boolean {
    return this.#updates.has(lease);
  }

  /** Where there is no room, the oldest of its device goes, or of the device that has most. */
  add(update: Queued): void {
    this.#updates.set(update.lease, update);
    this.#count(update.device, 1);
    if (this.#countOf(update.device) > MOST_OF_DEVICE) this.#dropOldest(update.device);
    if (this.#updates.size <= MOST) return;
    const [most] = [...this.#counts].reduce((first, each) => (each[1] > first[1] ? each : first));
    this.#dropOldest(most);
  }

  delete(lease: number): void {
    const update = this.#updates.get(lease);
    if (update === undefined) return;
    this.#updates.delete(lease);
    this.#count(update.device, -1);
  }

  /**
   * Takes the next one out: of the least rank, of the device that was audited longest ago, any.
   * @param rankOf the less, the earlier.
   */
  take(rankOf: (update: Queued) => number): Queued | undefined {
    const turnOf = ({ device }: Queued) => this.#turns.get(device) ?? 0;
    const first = this.all.reduce<Queued | undefined>((best, each) => {
      if (best === undefined) return each;
      return (rankOf(each) - rankOf(best) || turnOf(each) - turnOf(best)) < 0 ? each : best;
    }, undefined);
    if (first === undefined) return undefined;
    const same = this.all.filter((each) => each.device === first.device && rankOf(each) === rankOf(first));
    const next = same[deriveSeed(this.#seed, ++this.#taken) % same.length] ?? first;
    this.delete(next.lease);
    this.#turns.set(next.device, this.#taken);
    return next;
  }

  /** Takes out all of which this holds. */
  takeAll(isTaken: (update: Queued) => boolean): Queued[] {
    const taken = this.all.filter(isTaken);
    for (const { lease } of taken) this.delete(lease);
    return taken;
  }

  #dropOldest(device: string): void {
    const oldest = this.all.find((each) => each.device === device);
    if (oldest === undefined) return;
    this.delete(oldest.lease);
    this.#dropped(oldest);
  }

  #countOf(device: string): number {
    return this.#counts.get(device) ?? 0;
  }

  #count(device: string, more: number): void {
    const count = this.#countOf(device) + more;
    if (count === 0) this.#counts.delete(device);
    else this.#counts.set(device, count);
  }
}
