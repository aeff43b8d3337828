import { unitOrder } from '../../shared/engine/unit.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { createGenerator, deriveSeed } from '../../shared/random/generator.ts';

/** A unit, and what an attacker has at hand. */
export interface Unit {
  base: Float32Array;
  /** The weights one version before; null of the first. */
  older: Float32Array | null;
  shard: DataShard;
  seed: number;
  batch: number;
  steps: number;
  lr: number;
}

/** What of a unit is computed in another way. */
export type Changed = Partial<Pick<Unit, 'base' | 'shard' | 'seed' | 'steps'>>;

/** The update of a unit, by this engine. */
export function updateOf(engine: Engine, unit: Unit, changed: Changed = {}): Promise<Float32Array> {
  const { base, shard, seed, batch, steps } = { ...unit, ...changed };
  const order = unitOrder(seed, 0, shard.samples, batch * steps);
  return compute(engine, { ...unit, base }, shard, order);
}

/** The same weights, each rounded to one of its neighbours: what follows differs as by an engine that rounds otherwise. */
export function roundedOtherwise(weights: Float32Array): Float32Array {
  const generator = createGenerator(3);
  return weights.map((value) => value * (1 + (generator.float() - 0.5) * 2 ** -22));
}

/** The same, of an engine that data take long to get to: it is given the samples of the unit alone. */
export function updateOfSamples(engine: Engine, unit: Unit): Promise<Float32Array> {
  const { shard, seed, batch, steps } = unit;
  const order = unitOrder(seed, 0, shard.samples, batch * steps);
  const pixels = shard.images.length / shard.samples;
  const images = new Uint8Array(order.length * pixels);
  order.forEach((sample, place) => {
    images.set(shard.images.subarray(sample * pixels, (sample + 1) * pixels), place * pixels);
  });
  const labels = Uint8Array.from(order, (sample) => shard.labels[sample] ?? 0);
  const samples = { ...shard, samples: order.length, images, labels };
  return compute(engine, unit, samples, Uint32Array.from(order.keys()));
}

async function compute(
  engine: Engine,
  { base, batch, steps, lr }: Pick<Unit, 'base' | 'batch' | 'steps' | 'lr'>,
  shard: DataShard,
  order: Uint32Array,
): Promise<Float32Array> {
  await engine.hold(shard);
  if (steps === 1) return (await engine.gradient(base, order)).gradient;
  return (await engine.train(base, order, { batch, lr, momentum: 0 })).delta;
}

/** The unit of this number of one size and version. */
export function unitOf(
  dataShards: readonly DataShard[],
  number: number,
  rest: Omit<Unit, 'shard' | 'seed'>,
): Unit {
  const seed = deriveSeed(number, rest.batch, rest.steps);
  const shard = dataShards[seed % dataShards.length];
  if (shard === undefined) throw new Error('there are data shards');
  return { ...rest, shard, seed };
}
