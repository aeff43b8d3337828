import type { TrustRecord } from '../../shared/protocol/trust.ts';
import type { Clock } from '../core/clock.ts';
import type { Crowd } from '../core/crowd/crowd.ts';
import type { KeptHistory } from '../core/crowd/device.ts';
import { firstTrust } from '../core/crowd/trust.ts';
import { RecentMap } from '../core/recentMap.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { KeptDevice } from '../store/tables.ts';
import type { Calendar } from './machineTime.ts';

/** What a kill can lose of the counts of devices. */
export const KEEP_EVERY_MS = 5000;

/** How a device stands that was never seen: nothing of it is worth a row [AU11]. */
const hasNothing = ({ applied, samples, lost, trust }: KeptHistory): boolean =>
  applied === 0 && samples === 0 && lost === 0 && trust.cause === null;

/** The same text for the same history. */
const textOf = ({ applied, samples, lost, faultsInRow, trust }: Pick<KeptDevice, keyof KeptHistory>) =>
  JSON.stringify([applied, samples, lost, faultsInRow, trust]);

/** More than a crowd knows at a time. */
const REMEMBERED = 8192;

export interface DeviceRecordsParts {
  store: Pick<Store, 'devices' | 'write'>;
  clock: Clock;
  calendar: Calendar;
  log: (line: string) => void;
}

/**
 * Keeps what devices did beyond the process [AU10]. Only a device that has had work gets a row: the id of another is
 * in its token, so that no flood of joins fills the store [AU11].
 */
export class DeviceRecords {
  readonly #parts: DeviceRecordsParts;
  /** As they are in the store. */
  readonly #kept = new RecentMap<string, KeptDevice>(REMEMBERED);
  /** Their rows could not be read: writing new ones would lose what is in them. */
  readonly #unread = new Set<string>();
  #cancel: () => void = () => undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: DeviceRecordsParts) {
    this.#parts = parts;
  }

  /** What is kept of a device; null: nothing, or it cannot be read, which is logged. */
  async recall(device: string): Promise<KeptHistory | null> {
    try {
      const row = await this.#parts.store.devices.get(device);
      if (row === null) return null;
      this.#kept.set(device, row);
      const { applied, samples, lost, faultsInRow, trust } = row;
      return { applied, samples, lost, faultsInRow, trust: trust ?? firstTrust(false) };
    } catch (error) {
      this.#unread.add(device);
      this.#parts.log(`what is kept of device ${device} cannot be read: ${systemErrorMessage(error)}`);
      return null;
    }
  }

  /** Keeps another judgement of a device that no crowd knows. @throws {StoreError} where its row cannot be read or written. */
  async judge(device: string, trust: TrustRecord): Promise<void> {
    const { store } = this.#parts;
    const row = await store.devices.get(device);
    if (row === null) return;
    const judged = { ...row, trust };
    await store.write(store.devices.putting(judged));
    this.#kept.set(device, judged);
  }

  /** Keeps what changed of this crowd's devices, now and then, and another state of trust at once, until {@link close}. */
  follow(crowd: Pick<Crowd, 'histories' | 'watchTrust'>): void {
    // Who is barred stays so, also where the server is killed the moment after.
    crowd.watchTrust(() => void this.keep(crowd));
    this.#followTime(crowd);
  }

  #followTime(crowd: Pick<Crowd, 'histories'>): void {
    this.#cancel = this.#parts.clock.after(KEEP_EVERY_MS, () => {
      void this.keep(crowd);
      this.#followTime(crowd);
    });
  }

  /** Keeps what changed of this crowd's devices; what fails is logged and tried again the next time. */
  keep(crowd: Pick<Crowd, 'histories'>): Promise<void> {
    this.#last = this.#last.then(() => this.#write(crowd));
    return this.#last;
  }

  /** Keeps what changed a last time. */
  async close(crowd: Pick<Crowd, 'histories'>): Promise<void> {
    this.#cancel();
    await this.keep(crowd);
  }

  async #write(crowd: Pick<Crowd, 'histories'>): Promise<void> {
    const { store, calendar, log } = this.#parts;
    const now = calendar.today().toISOString();
    const changed = crowd.histories().flatMap((history) => {
      const before = this.#kept.get(history.device);
      const isKept = before === undefined ? hasNothing(history) : textOf(before) === textOf(history);
      if (this.#unread.has(history.device) || isKept) return [];
      return { ...history, firstSeen: before?.firstSeen ?? now, lastSeen: now };
    });
    if (changed.length === 0) return;
    try {
      await store.write(...changed.map((row) => store.devices.putting(row)));
      for (const row of changed) this.#kept.set(row.device, row);
    } catch (error) {
      log(`what devices did cannot be kept: ${systemErrorMessage(error)}`);
    }
  }
}
