/** How far an update is from what the server computed of the same unit. */
export interface Distance {
  /** The norm of the difference over the norm of the server's update. */
  relative: number;
  /** Of the angle between them: 1 where they point the same way, -1 where they point opposite ways. */
  cosine: number;
}

/** An update beside all that the server computed of its unit. */
export interface Comparison extends Distance {
  /** How far the server's own results are from each other: 0 where there is one. The distance is from the nearest. */
  spread: number;
  /** The difference is so small beside the weights that their rounding alone may have made it. */
  isRounding: boolean;
}

/** A comparison, and what was computed for it. */
export interface Compared extends Comparison {
  /** The norm of the server's own update, of its results the nearest. */
  norm: number;
}

/**
 * Of the norm of the weights. A delta is taken off them and has their rounding, some 2^-24 a step of each: of a model
 * that fits its samples well, nothing else may be left of a delta.
 */
const ROUNDING = 2 ** -20;

/** The distance of an update from the server's own, both of one length; no number where the server's is zero. */
export function distanceOf(update: Float32Array, own: Float32Array): Distance {
  let difference = 0;
  let ofUpdate = 0;
  let ofOwn = 0;
  let product = 0;
  for (let index = 0; index < own.length; index++) {
    const left = update[index] ?? NaN;
    const right = own[index] ?? NaN;
    difference += (left - right) ** 2;
    ofUpdate += left * left;
    ofOwn += right * right;
    product += left * right;
  }
  if (ofOwn === 0) return { relative: NaN, cosine: 0 };
  if (difference === 0) return { relative: 0, cosine: 1 };
  return {
    relative: Math.sqrt(difference / ofOwn),
    cosine: ofUpdate === 0 ? 0 : product / Math.sqrt(ofUpdate * ofOwn),
  };
}

/**
 * @param own what the server computed of the unit, each time with another arithmetic; one at least.
 * @param base the weights that the unit began from.
 */
export function compare(
  update: Float32Array,
  own: readonly [Float32Array, ...Float32Array[]],
  base: Float32Array,
): Compared {
  const [first, ...others] = own;
  let nearest = first;
  let distance = distanceOf(update, first);
  let spread = 0;
  for (const other of others) {
    const far = distanceOf(update, other);
    spread = Math.max(spread, distanceOf(other, first).relative);
    // Put so that what is no number is never the nearest.
    if (!(far.relative < distance.relative) && !Number.isNaN(distance.relative)) continue;
    distance = far;
    nearest = other;
  }
  const difference = normOf(update.map((value, index) => value - (nearest[index] ?? NaN)));
  return { ...distance, spread, isRounding: difference <= ROUNDING * normOf(base), norm: normOf(nearest) };
}

function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
