import type { Clock } from '../core/clock.ts';
import type { Crowd } from '../core/crowd/crowd.ts';
import type { DeviceCounts } from '../core/crowd/device.ts';
import { RecentMap } from '../core/recentMap.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { KeptDevice } from '../store/tables.ts';
import type { Calendar } from './machineTime.ts';

/** What a kill can lose of the counts of devices. */
export const KEEP_EVERY_MS = 5000;

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
  async recall(device: string): Promise<DeviceCounts | null> {
    try {
      const row = await this.#parts.store.devices.get(device);
      if (row === null) return null;
      this.#kept.set(device, row);
      const { applied, samples, lost } = row;
      return { applied, samples, lost };
    } catch (error) {
      this.#unread.add(device);
      this.#parts.log(`what is kept of device ${device} cannot be read: ${systemErrorMessage(error)}`);
      return null;
    }
  }

  /** Keeps what changed of this crowd's devices, now and then, until {@link close}. */
  follow(crowd: Pick<Crowd, 'records'>): void {
    this.#cancel = this.#parts.clock.after(KEEP_EVERY_MS, () => {
      void this.keep(crowd);
      this.follow(crowd);
    });
  }

  /** Keeps what changed of this crowd's devices; what fails is logged and tried again the next time. */
  keep(crowd: Pick<Crowd, 'records'>): Promise<void> {
    this.#last = this.#last.then(() => this.#write(crowd));
    return this.#last;
  }

  /** Keeps what changed a last time. */
  async close(crowd: Pick<Crowd, 'records'>): Promise<void> {
    this.#cancel();
    await this.keep(crowd);
  }

  async #write(crowd: Pick<Crowd, 'records'>): Promise<void> {
    const { store, calendar, log } = this.#parts;
    const now = calendar.today().toISOString();
    const changed = crowd.records().flatMap(({ device, applied, samples, lost }) => {
      const before = this.#kept.get(device);
      const { applied: a, samples: s, lost: l } = before ?? { applied: 0, samples: 0, lost: 0 };
      if (this.#unread.has(device) || (applied === a && samples === s && lost === l)) return [];
      return { device, firstSeen: before?.firstSeen ?? now, lastSeen: now, applied, samples, lost };
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
