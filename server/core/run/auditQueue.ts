import { RecentMap } from '../recentMap.ts';

/** More do not wait for an audit: what is a minute old says little of what a device does now. */
const MOST = 256;
/** Devices of which it is remembered when they were audited last. */
const REMEMBERED = 4096;

/** An update that waits for its audit. */
export interface QueuedUpdate {
  lease: number;
  device: string;
}

/**
 * Complete updates that wait for their audits. Devices take turns, whatever the number of their updates, and one that has
 * more in the queue than another makes room for it: nobody keeps others from being audited by sending much [AT7].
 */
export class AuditQueue<Queued extends QueuedUpdate> {
  /** By lease, the oldest first. */
  readonly #updates = new Map<number, Queued>();
  /** How many each device has among them. */
  readonly #counts = new Map<string, number>();
  /** By device, which of all audits its last was. */
  readonly #turns = new RecentMap<string, number>(REMEMBERED);
  #taken = 0;
  readonly #dropped: (update: Queued) => void;

  /** @param dropped is told of each for which there is no room any more. */
  constructor(dropped: (update: Queued) => void) {
    this.#dropped = dropped;
  }

  get all(): Queued[] {
    return [...this.#updates.values()];
  }

  has(lease: number): boolean {
    return this.#updates.has(lease);
  }

  /** Where there is no room, the newest of the device that has most goes, which may be this one. */
  add(update: Queued): void {
    this.#updates.set(update.lease, update);
    this.#count(update.device, 1);
    if (this.#updates.size <= MOST) return;
    const most = Math.max(...this.#counts.values());
    const last = this.all.findLast(({ device }) => this.#counts.get(device) === most);
    if (last === undefined) return;
    this.delete(last.lease);
    this.#dropped(last);
  }

  delete(lease: number): void {
    const update = this.#updates.get(lease);
    if (update === undefined) return;
    this.#updates.delete(lease);
    this.#count(update.device, -1);
  }

  /**
   * Takes the next one out: of the least rank, of the device that was audited longest ago, the oldest.
   * @param rankOf the less, the earlier.
   */
  take(rankOf: (update: Queued) => number): Queued | undefined {
    const turnOf = ({ device }: Queued) => this.#turns.get(device) ?? 0;
    const next = this.all.reduce<Queued | undefined>((first, each) => {
      if (first === undefined) return each;
      return (rankOf(each) - rankOf(first) || turnOf(each) - turnOf(first)) < 0 ? each : first;
    }, undefined);
    if (next === undefined) return undefined;
    this.delete(next.lease);
    this.#turns.set(next.device, ++this.#taken);
    return next;
  }

  /** Takes out all of which this holds. */
  takeAll(isTaken: (update: Queued) => boolean): Queued[] {
    const taken = this.all.filter(isTaken);
    for (const { lease } of taken) this.delete(lease);
    return taken;
  }

  #count(device: string, more: number): void {
    const count = (this.#counts.get(device) ?? 0) + more;
    if (count === 0) this.#counts.delete(device);
    else this.#counts.set(device, count);
  }
}
