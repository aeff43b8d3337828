import { CODECS, type CodecName } from '../../../shared/codec/codecs.ts';
import type { Lease, WorkUnit } from '../../../shared/protocol/messages.ts';
import type { ShardRule } from '../aggregation/combine.ts';
import { RULES } from '../aggregation/rules.ts';
import type { CommitRecord, RecordOf, RecordType } from '../shard/records.ts';

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
  const gradient = new Float32Array(weights.length);
  const stream = seed ^ start ^ dataShard.index;
  for (let index = 0; index < weights.length; index++) {
    gradient[index] = 0.5 * (weights[index] ?? 0) + noise(stream, index) / batch;
  }
  return gradient;
}

/** What a server has of values that travelled in a codec. */
export function arrived(values: Float32Array, codec: CodecName): Float32Array {
  const decoded = CODECS[codec].decode(CODECS[codec].encode(values), values.length);
  if (decoded === null) throw new Error(`${codec} does not read what it wrote`);
  return decoded;
}

/** Of the plain model; the world's shards are given the same. */
export const PLAIN_OPTIMIZER = { kind: 'momentum' as const, lr: 0.1, momentum: 0.9 };

/**
 * The parameters of every version that commit records make, computed on one flat vector without any code of the
 * core but a coordinate-wise rule's own function. What each lease contributed is computed again from the weights of its base version.
 */
export class PlainReplay {
  readonly #versions: Float32Array[];
  /** Of every version, as {@link versions}. */
  readonly #velocities: Float32Array[];
  #rates = { lr: PLAIN_OPTIMIZER.lr, momentum: PLAIN_OPTIMIZER.momentum };

  readonly #next: {
    [Type in RecordType]: (record: RecordOf<Type>, leases: ReadonlyMap<number, Lease>) => Float32Array;
  } = {
    update: (record, leases) => this.#update(record, leases),
    configure: (record) => this.#configure(record),
    restore: ({ of }) => this.#restore(of),
  };

  /** @param initial parameters of version 0. */
  constructor(initial: Float32Array) {
    this.#versions = [initial];
    this.#velocities = [new Float32Array(initial.length)];
  }

  /** The parameters of all versions, from 0 to that of the last record. `records` only ever grows. */
  versions(records: readonly CommitRecord[], leases: ReadonlyMap<number, Lease>): readonly Float32Array[] {
    for (const record of records.slice(this.#versions.length - 1))
      this.#versions.push(this.#after(record, leases));
    return this.#versions;
  }

  #after<Type extends RecordType>(record: RecordOf<Type>, leases: ReadonlyMap<number, Lease>): Float32Array {
    return this.#next[record.type](record, leases);
  }

  #configure({ changes }: RecordOf<'configure'>): Float32Array {
    const { optimizer = 'momentum', lr = this.#rates.lr, momentum = this.#rates.momentum } = changes;
    if (optimizer !== 'momentum') throw new Error(`the plain model has no ${optimizer}`);
    this.#rates = { lr, momentum };
    this.#velocities.push(this.#velocity());
    return this.#newest();
  }

  #newest(): Float32Array {
    return this.#versions[this.#versions.length - 1]?.slice() ?? new Float32Array(0);
  }

  #velocity(): Float32Array {
    return this.#velocities.at(-1)?.slice() ?? new Float32Array(0);
  }

  #restore(of: number): Float32Array {
    const version = this.#versions[of];
    const velocity = this.#velocities[of];
    if (version === undefined || velocity === undefined) throw new Error(`there is no version ${of}`);
    this.#velocities.push(velocity);
    return version;
  }

  #update(record: RecordOf<'update'>, leases: ReadonlyMap<number, Lease>): Float32Array {
    const lr = fround(this.#rates.lr);
    const mu = fround(this.#rates.momentum);
    const members = record.members.map(({ lease, weight }) => {
      const granted = leases.get(lease);
      const base = granted && this.#versions[granted.terms.baseVersion];
      if (granted === undefined || base === undefined) throw new Error(`lease ${lease} was never granted`);
      return { gradient: arrived(gradientOf(base, granted.unit), granted.terms.codec), weight };
    });
    const next = this.#newest();
    const velocity = this.#velocity();
    this.#velocities.push(velocity);
    const weighed = new Float32Array(members.length);
    for (let index = 0; index < next.length; index++) {
      members.forEach(({ gradient, weight }, member) => (weighed[member] = weight * (gradient[index] ?? 0)));
      const joined = joinedBy(record.rule, weighed);
      const moved = fround(fround(mu * (velocity[index] ?? 0)) + joined);
      velocity[index] = moved;
      next[index] = (next[index] ?? 0) - fround(lr * moved);
    }
    return next;
  }
}

/** What the weighed values that the members have at one coordinate come to. */
function joinedBy(rule: ShardRule, weighed: Float32Array): number {
  switch (rule.shape) {
    case 'weighing':
      return weighed.reduce((sum, value) => fround(sum + value), 0);
    case 'coordinate':
      return RULES[rule.name].combine(weighed.sort(), rule.settings);
  }
}
