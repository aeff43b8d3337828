import type { Lease, WorkUnit } from '../../../shared/protocol/messages.ts';
import type { CommitRecord } from '../shardPort.ts';

const { fround } = Math;

/** A number in [-0.5, 0.5) that looks random and follows from a seed and an index. */
export function noise(seed: number, index: number): number {
  let hash = Math.imul(seed ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 2 ** 32 - 0.5;
}

/** Any vector, the same each time. */
export function noiseVector(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => noise(seed, index));
}

/** A stand-in for training: what comes of a unit follows from the weights and the unit alone. */
export function gradientOf(weights: Float32Array, { seed, start, dataShard, batch }: WorkUnit): Float32Array {
  return weights.map((weight, index) => 0.5 * weight + noise(seed ^ start ^ dataShard.index, index) / batch);
}

/** Of the plain model; the world's shards are given the same. */
export const PLAIN_OPTIMIZER = { kind: 'momentum' as const, lr: 0.1, momentum: 0.9 };

/**
 * The parameters of every version that commit records make, computed on one flat vector without any code of the
 * core. What each lease contributed is computed again from the weights of its base version.
 */
export function replay(
  initial: Float32Array,
  firstVersion: number,
  records: CommitRecord[],
  leases: Map<number, Lease>,
): Float32Array[] {
  const [lr, mu] = [fround(PLAIN_OPTIMIZER.lr), fround(PLAIN_OPTIMIZER.momentum)];
  const velocity = new Float32Array(initial.length);
  const versions = [initial];
  for (const record of records) {
    const members = record.members.map(({ lease, weight }) => {
      const granted = leases.get(lease);
      const base = granted && versions[granted.terms.baseVersion - firstVersion];
      if (granted === undefined || base === undefined) throw new Error(`lease ${lease} was never granted`);
      return { gradient: gradientOf(base, granted.unit), weight };
    });
    const next = (versions.at(-1) ?? initial).map((value, index) => {
      const sum = members.reduce(
        (total, { gradient, weight }) => fround(total + fround(weight * (gradient[index] ?? 0))),
        0,
      );
      const moved = fround(fround(mu * (velocity[index] ?? 0)) + sum);
      velocity[index] = moved;
      return value - fround(lr * moved);
    });
    versions.push(next);
  }
  return versions;
}
