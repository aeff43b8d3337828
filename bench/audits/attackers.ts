import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { createGenerator } from '../../shared/random/generator.ts';
import { updateOf, type Unit } from './units.ts';

/** Makes an update that is not the unit's; null where the unit leaves no room for it. */
type Attack = (
  engine: Engine,
  unit: Unit,
  honest: Float32Array,
) => Promise<Float32Array> | Float32Array | null;

const scaled = (update: Float32Array, factor: number) => update.map((value) => factor * value);

/** The update with noise of this share of its norm. */
function noisy(update: Float32Array, share: number): Float32Array {
  const generator = createGenerator(5);
  const noise = update.map(() => generator.float() - 0.5);
  const factor = (share * normOf(update)) / normOf(noise);
  return update.map((value, index) => value + factor * (noise[index] ?? NaN));
}

const normOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

function flipped({ labels, ...shard }: DataShard): DataShard {
  const largest = labels.reduce((most, label) => Math.max(most, label), 0);
  return { ...shard, labels: labels.map((label) => largest - label) };
}

/** Of each data shard once: an engine knows the one that it holds by its identity. */
const flippedOnes = new WeakMap<DataShard, DataShard>();
function flippedOf(shard: DataShard): DataShard {
  const made = flippedOnes.get(shard) ?? flipped(shard);
  flippedOnes.set(shard, made);
  return made;
}

/** What is not the update of the unit, by its name in the table. */
export const ATTACKERS: Readonly<Record<string, Attack>> = {
  'sign flip': (_engine, _unit, honest) => scaled(honest, -1),
  zeros: (_engine, _unit, honest) => scaled(honest, 0),
  'label flip': (engine, unit) => updateOf(engine, unit, { shard: flippedOf(unit.shard) }),
  'other seed': (engine, unit) => updateOf(engine, unit, { seed: unit.seed + 1 }),
  'half the steps': (engine, unit) =>
    unit.steps === 1 ? null : updateOf(engine, unit, { steps: unit.steps / 2 }),
  'half the steps, doubled': (engine, unit) =>
    unit.steps === 1
      ? null
      : updateOf(engine, unit, { steps: unit.steps / 2 }).then((update) => scaled(update, 2)),
  'stale base': (engine, unit) => (unit.older === null ? null : updateOf(engine, unit, { base: unit.older })),
  'noise of 10%': (_engine, _unit, honest) => noisy(honest, 0.1),
  'noise of 1%': (_engine, _unit, honest) => noisy(honest, 0.01),
};
