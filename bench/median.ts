/** The middle value; the mean of the two in the middle where there is an even number. @throws {RangeError} of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (lower === undefined || upper === undefined) throw new RangeError('no values, so no median');
  return lower === upper ? upper : (lower + upper) / 2;
}
