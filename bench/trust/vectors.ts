import type { Generator } from '../../shared/random/generator.ts';

/** The L2 norm. */
export function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

export function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
}

export function scaled(values: Float32Array, factor: number): Float32Array {
  return values.map((value) => factor * value);
}

/** In the direction of these values, and of this norm; zeros stay zeros. */
export function ofNorm(values: Float32Array, norm: number): Float32Array {
  const has = normOf(values);
  return has === 0 ? values : scaled(values, norm / has);
}

/** A random direction, of this norm. */
export function noise(length: number, norm: number, random: Generator): Float32Array {
  const values = Float32Array.from({ length }, () => normal(random));
  return ofNorm(values, norm);
}

/** Mean and standard deviation at each coordinate; the deviation of one vector is zero. */
export function momentsOf(vectors: readonly Float32Array[]): { mean: Float32Array; deviation: Float32Array } {
  const [first] = vectors;
  if (first === undefined) throw new RangeError('there are no vectors');
  const mean = first.map(
    (_, at) => vectors.reduce((sum, vector) => sum + (vector[at] ?? 0), 0) / vectors.length,
  );
  const deviation = first.map((_, at) =>
    Math.sqrt(
      vectors.reduce((sum, vector) => sum + ((vector[at] ?? 0) - (mean[at] ?? 0)) ** 2, 0) / vectors.length,
    ),
  );
  return { mean, deviation };
}

/** The middle value, of an even number the lower one; null of none. */
export function middleOf(values: readonly number[]): number | null {
  return values.toSorted((left, right) => left - right)[Math.floor((values.length - 1) / 2)] ?? null;
}

/** Box and Muller 1958. */
function normal(random: Generator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.float()));
  return radius * Math.cos(2 * Math.PI * random.float());
}
