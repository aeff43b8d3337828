import type { Arithmetic, ReportedEngine } from '../../shared/profile/profile.ts';
import type { Generator } from '../../shared/random/generator.ts';
import type { RecordedPair } from '../audits/record.ts';

/** What the devices of a run compute: how many samples a step, how many steps, of which model. */
export type UnitSize = Pick<RecordedPair, 'model' | 'batch' | 'steps'>;

/** The engines whose pairs are played, and what a device with one reports. */
export const DEVICE_ENGINES = {
  'wasm, strict': 'wasm',
  'wasm, relaxed': 'wasm',
  'wasm, rounding otherwise': 'wasm',
  webgpu: 'webgpu',
  'tfjs-cpu': 'tfjs-cpu',
} as const satisfies Record<string, ReportedEngine>;
export type DeviceEngine = keyof typeof DEVICE_ENGINES;
export const DEVICE_ENGINE_NAMES = Object.keys(DEVICE_ENGINES) as DeviceEngine[];

/** Stands for an engine that has fewer pairs of a size than {@link FEW}. */
const STAND_IN: DeviceEngine = 'wasm, rounding otherwise';
const FEW = 20;

/** Recorded pairs, from which the comparisons of audits are drawn. */
export class PairPool {
  readonly #pairs: readonly RecordedPair[];
  readonly #groups = new Map<string, number[]>();

  constructor(pairs: readonly RecordedPair[]) {
    this.#pairs = pairs;
    for (const [index, { who, server, ...size }] of pairs.entries()) {
      const key = keyOf(who, server, size);
      this.#groups.set(key, [...(this.#groups.get(key) ?? []), index]);
    }
  }

  /** Every size of which there are pairs, in the order of the recording. */
  get sizes(): UnitSize[] {
    const sizes = this.#pairs.map(
      ({ model, batch, steps }) => [sizeKey({ model, batch, steps }), { model, batch, steps }] as const,
    );
    return [...new Map(sizes).values()];
  }

  /** @throws {RangeError} where there is no pair of this number. */
  at(index: number): RecordedPair {
    const pair = this.#pairs[index];
    if (pair === undefined) throw new RangeError(`no pair ${index} of ${this.#pairs.length}`);
    return pair;
  }

  /** The number of a pair of such a device: its own, or those of the engine that stands in for it. */
  draw(engine: DeviceEngine, server: Arithmetic, size: UnitSize, random: Generator): number {
    const own = this.#groups.get(keyOf(engine, server, size)) ?? [];
    const from = own.length < FEW ? (this.#groups.get(keyOf(STAND_IN, server, size)) ?? own) : own;
    const index = from[random.below(from.length)];
    if (index === undefined) throw new RangeError(`no pairs of ${sizeKey(size)}`);
    return index;
  }
}

const sizeKey = ({ model, batch, steps }: UnitSize) => [model, batch, steps].join();
const keyOf = (who: string, server: Arithmetic, size: UnitSize) => [who, server, sizeKey(size)].join(';');
