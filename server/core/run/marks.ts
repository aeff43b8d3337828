import { sliceOf, type KeyRange } from '../../../shared/model/ranges.ts';
import type { OptimizerName } from '../shard/optimizer.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import type { ModelSnapshot } from './modelSnapshot.ts';

/** A version whose state is marked, and the update records until then. */
export type MarkedVersion = Pick<ModelSnapshot, 'version' | 'updates'>;

/** States that were measured as good and stay marked: the later one may be found bad. */
const GOOD_STATES = 2;

/** The whole model at a version that a checkpoint has, and the optimizer that its slots are of. */
export interface KeptState extends Pick<ModelSnapshot, 'version' | 'parameters' | 'optimizerState'> {
  optimizer: OptimizerName;
}

/**
 * The versions whose whole state the shards keep, so that a record can bring it back: the last two that were measured
 * as good, that of the beginning where there are fewer, those that are being measured, and those that were loaded from a checkpoint for a restore.
 */
export class Marks {
  readonly #shards: readonly ShardPort[];
  readonly #ranges: readonly KeyRange[];
  /** The state that the run began with, until {@link GOOD_STATES} were measured as good. */
  #start: MarkedVersion | null = null;
  #good: MarkedVersion[] = [];
  /** It is not yet known whether they are good. */
  readonly #measured = new Map<number, MarkedVersion>();
  readonly #loaded = new Set<number>();

  constructor(shards: readonly ShardPort[], ranges: readonly KeyRange[]) {
    this.#shards = shards;
    this.#ranges = ranges;
  }

  /** Of states that were measured as good, the newest first. */
  get good(): readonly MarkedVersion[] {
    return this.#good;
  }

  /** The newest version to go back to; null before there is one. */
  get newest(): number | null {
    return (this.#good[0] ?? this.#start)?.version ?? null;
  }

  /** The newest version to go back to of those before one; null where there is none. */
  before(version: number): number | null {
    const earlier = this.#known().find((known) => known.version < version);
    return earlier?.version ?? null;
  }

  /** Whether the state of a version can be brought back at once. */
  has(version: number): boolean {
    return this.#known().some((known) => known.version === version) || this.#loaded.has(version);
  }

  /** Marks the present state of all shards as one to go back to until there are later ones. */
  begin({ version, updates }: MarkedVersion): void {
    this.#start = { version, updates };
    for (const shard of this.#shards) shard.mark();
  }

  /** Marks the present state of all shards, until it is known whether it is good. */
  mark({ version, updates }: MarkedVersion): void {
    this.#measured.set(version, { version, updates });
    for (const shard of this.#shards) shard.mark();
  }

  /** Keeps a marked version where it is good, else forgets it. */
  judge(version: number, isGood: boolean): void {
    const marked = this.#measured.get(version);
    this.#measured.delete(version);
    const others = this.#good.filter((good) => good.version !== version);
    if (isGood && marked !== undefined) {
      this.#good = [marked, ...others].slice(0, GOOD_STATES);
      if (this.#good.length === GOOD_STATES) this.#start = null;
    }
    this.#forgetOthers();
  }

  /** Marks a state of earlier, until it is {@link release}d. @throws {Error} where a shard does not take it. */
  async load(state: KeptState): Promise<void> {
    // Before the shards have it: what is judged meanwhile must not have one of them forget it [RS10].
    this.#loaded.add(state.version);
    try {
      await this.#sendToShards(state);
    } catch (error) {
      this.release(state.version);
      throw error;
    }
  }

  async #sendToShards({ version, parameters, optimizerState, optimizer }: KeptState): Promise<void> {
    const cutBy = (range: KeyRange) => (vector: Float32Array) => sliceOf(vector, range).slice();
    await Promise.all(
      this.#shards.map((shard, index) => {
        const cut = cutBy(this.#ranges[index] ?? { offset: 0, length: 0 });
        const slots = Object.entries(optimizerState.slots).map(([name, slot]) => [name, cut(slot)]);
        return shard.load({
          version,
          optimizer,
          parameters: cut(parameters),
          optimizerState: {
            slots: Object.fromEntries(slots) as Record<string, Float32Array>,
            scalars: optimizerState.scalars,
          },
        });
      }),
    );
  }

  /** Forgets a state that was loaded. */
  release(version: number): void {
    this.#loaded.delete(version);
    this.#forgetOthers();
  }

  /** Those between two versions were undone: none of them is gone back to, however they were or are measured. */
  undone(of: number, made: number): void {
    const isUndone = (version: number) => version > of && version < made;
    this.#good = this.#good.filter(({ version }) => !isUndone(version));
    for (const version of [...this.#measured.keys()].filter(isUndone)) this.#measured.delete(version);
    this.#forgetOthers();
  }

  #forgetOthers(): void {
    const versions = this.#versions();
    for (const shard of this.#shards) shard.keepMarks(versions);
  }

  #versions(): number[] {
    return [...this.#known().map(({ version }) => version), ...this.#measured.keys(), ...this.#loaded];
  }

  #begun(): readonly MarkedVersion[] {
    return this.#start === null ? [] : [this.#start];
  }

  /** Those to go back to, the newest first. */
  #known(): readonly MarkedVersion[] {
    return [...this.#good, ...this.#begun()];
  }
}
