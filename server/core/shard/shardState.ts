import type { LiveChanges } from '../liveSettings.ts';
import { createOptimizer, type Optimizer, type OptimizerSettings } from './optimizer.ts';
import { NEWEST, type MarkedState, type ShardInit, type ShardSnapshot } from './shardPort.ts';
import { VersionRing } from './versionRing.ts';
import { WeightAverage } from './weightAverage.ts';

/** The numbers of a shard: parameters, optimizer, average, and marks of earlier states. */
export class ShardState {
  readonly versions: VersionRing;
  #settings: OptimizerSettings;
  /** Update records that the average reaches back over; null: there is none. */
  readonly #reach: number | null;
  readonly #marks = new Map<number, MarkedState>();
  #optimizer: Optimizer;
  #average: WeightAverage | null;
  #updates: number;

  constructor(opening: ShardInit) {
    this.#settings = opening.optimizer;
    this.#reach = opening.average;
    const { newest, optimizer, average } = this.#copyOf(opening, opening.optimizer.kind);
    this.#optimizer = optimizer;
    this.#average = average;
    this.#updates = opening.updates;
    this.versions = new VersionRing(opening.version, newest);
  }

  /** Makes a version by one step of the optimizer along an aggregated update. */
  update(version: number, aggregate: Float32Array): void {
    this.#updates++;
    const parameters = this.versions.copyOfNewest();
    this.#optimizer.apply(parameters, aggregate);
    this.#average?.include(parameters, this.#updates);
    this.versions.add(version, parameters);
  }

  /** Makes a version of the same parameters. Another optimizer begins anew; another rate leaves its slots as they are. */
  configure(version: number, changes: LiveChanges): void {
    const { kind, lr, momentum } = this.#settings;
    const { optimizer = kind, lr: newLr = lr, momentum: newMomentum = momentum } = changes;
    const state = optimizer === kind ? this.#optimizer.state : undefined;
    this.#settings = { kind: optimizer, lr: newLr, momentum: newMomentum };
    const parameters = this.versions.copyOfNewest();
    this.#optimizer = createOptimizer(this.#settings, parameters.length, state);
    this.versions.add(version, parameters);
  }

  /** Makes a version of the state that is marked at another [RS1]. @throws {Error} where none is. */
  restore(version: number, of: number): void {
    const state = this.#marks.get(of);
    if (state === undefined) throw new Error(`version ${of} is not marked`);
    const { newest, optimizer, average } = this.#copyOf(state, state.optimizer);
    this.#optimizer = optimizer;
    this.#average = average;
    this.versions.add(version, newest);
  }

  /** As {@link ShardPort.mark}. */
  mark(): void {
    this.#marks.set(this.versions.newest, { ...this.snapshot(), optimizer: this.#settings.kind });
  }

  /** As {@link ShardPort.load}. */
  load(state: MarkedState): void {
    this.#marks.set(state.version, state);
  }

  /** As {@link ShardPort.keepMarks}. */
  keepMarks(versions: readonly number[]): void {
    for (const version of this.#marks.keys()) if (!versions.includes(version)) this.#marks.delete(version);
  }

  snapshot(): ShardSnapshot {
    const { slots, scalars } = this.#optimizer.state;
    const newest = this.versions.copyOfNewest();
    const average = this.#average?.copy();
    return {
      version: this.versions.newest,
      parameters: average ?? newest,
      optimizerState: {
        slots: { ...copiesOf(slots), ...(average === undefined ? {} : { [NEWEST]: newest }) },
        scalars: { ...scalars },
      },
    };
  }

  /** What a shard works with, of copies of a state. An optimizer of another kind than the state is of begins anew. */
  #copyOf(
    { parameters, optimizerState }: Pick<ShardInit, 'parameters' | 'optimizerState'>,
    kind: MarkedState['optimizer'],
  ) {
    const { [NEWEST]: newest = parameters, ...slots } = copiesOf(optimizerState?.slots ?? {});
    const isOfKind = optimizerState !== undefined && kind === this.#settings.kind;
    const state = isOfKind ? { slots, scalars: { ...optimizerState.scalars } } : undefined;
    return {
      newest: newest.slice(),
      optimizer: createOptimizer(this.#settings, parameters.length, state),
      average: this.#reach === null ? null : new WeightAverage(this.#reach, parameters.slice()),
    };
  }
}

function copiesOf(vectors: Record<string, Float32Array>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(vectors).map(([name, values]) => [name, values.slice()]));
}
