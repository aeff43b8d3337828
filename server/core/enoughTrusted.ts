/** Fewer than this, and less than a third of the devices, say nothing for the others, unless the operator vouches for one. */
const ENOUGH = 3;

/** Whether devices that are trusted are enough for the others to be held down beside them [TS21]. */
export function areEnough(trusted: { count: number; isOneVouched: boolean }, all: number): boolean {
  const { count, isOneVouched } = trusted;
  return isOneVouched || count >= ENOUGH || (count > 0 && ENOUGH * count >= all);
}
