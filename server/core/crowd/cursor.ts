/** A place on the way of a device through its data shards. */
export interface Cursor {
  /** Of those that it has, by position. */
  position: number;
  /** Samples that it has visited there. */
  visited: number;
  /** Units so far. */
  units: number;
}

/** Of the units of a device one in so many is a gauge. */
const GAUGE_EVERY = 16;

/** Where a device begins on its way through its data shards. */
export const START: Cursor = { position: 0, visited: 0, units: 0 };

/** Whether the next unit is to show what a unit costs whatever its size, by being half as large. */
export const isCalibration = ({ units }: Cursor): boolean => (units + 1) % GAUGE_EVERY === 0;

/**
 * After a unit of so many samples: a device stays on a data shard for as many as it has, then goes on to the next, by
 * one at a time, so that it comes to each of them whatever the size of its units.
 */
export function advance(
  { position, visited, units }: Cursor,
  samples: number,
  samplesOfShard: number,
): Cursor {
  return visited + samples < samplesOfShard
    ? { position, visited: visited + samples, units: units + 1 }
    : { position: position + 1, visited: 0, units: units + 1 };
}
