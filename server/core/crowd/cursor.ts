/** The position of a device in the samples of its data shards. */
export interface Cursor {
  /** Index into its list of data shards; goes on counting after the last. */
  position: number;
  /** Samples of that data shard that it has visited. */
  visited: number;
  /** Units so far. */
  units: number;
}

/** One in this number of units of a device is a calibration unit. */
const CALIBRATION_EVERY = 16;

/** The cursor of a device before its first unit. */
export const START: Cursor = { position: 0, visited: 0, units: 0 };

/** Whether the next unit is half as large, to measure the cost of a unit that does not depend on its size. */
export const isCalibration = ({ units }: Cursor): boolean => (units + 1) % CALIBRATION_EVERY === 0;

/**
 * The cursor after a unit of `samples`: a device stays on a data shard for as many as it has, then goes on to the next, by
 * one at a time, so that it comes to each of them for any size of units.
 */
export function advanceCursor(
  { position, visited, units }: Cursor,
  samples: number,
  samplesOfShard: number,
): Cursor {
  return visited + samples < samplesOfShard
    ? { position, visited: visited + samples, units: units + 1 }
    : { position: position + 1, visited: 0, units: units + 1 };
}
