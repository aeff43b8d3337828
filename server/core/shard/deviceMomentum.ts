import { RecentMap } from '../recentMap.ts';

/** What the momentum of all devices may take in a shard: of a large model some dozens of devices, of a small one hundreds. */
const LIMIT_BYTES = 256 * 1024 * 1024;

const { fround } = Math;

/**
 * The momentum of each device, m = b m + (1 - b) u over its updates u that were applied (Karimireddy et al. 2021): it
 * varies less than the updates do, so that what is hostile stands out [AG28]. Beyond the room for it, the device that was
 * heard longest ago begins again.
 */
export class DeviceMomentum {
  readonly #factor: number;
  readonly #momenta: RecentMap<string, Float32Array>;

  /** @param factor b, from 0, which leaves updates as they are, to below 1. @param length of a slice. */
  constructor(factor: number, length: number, limitBytes = LIMIT_BYTES) {
    this.#factor = factor;
    const bytes = Math.max(1, length) * Float32Array.BYTES_PER_ELEMENT;
    this.#momenta = new RecentMap(Math.max(1, Math.floor(limitBytes / bytes)));
  }

  /** What is staged of an update; of the first of a device the update. It takes effect only when it is {@link applied}. */
  next(device: string, update: Float32Array): Float32Array {
    const last = this.#factor === 0 ? undefined : this.#momenta.get(device);
    if (last === undefined) return update;
    const kept = fround(this.#factor);
    const added = fround(1 - this.#factor);
    return update.map((value, index) => fround(fround(kept * (last[index] ?? 0)) + fround(added * value)));
  }

  /** What was staged of a device became part of the model. */
  applied(device: string, staged: Float32Array): void {
    if (this.#factor !== 0) this.#momenta.set(device, staged);
  }

  /** Another state is back: what led away from it does not count. */
  clear(): void {
    this.#momenta.clear();
  }
}
