/** What all devices together that are bounded may weigh of a commit, while others are among its members [TS15]. */
export const BOUNDED_WEIGHT = 1 / 4;

/**
 * The same weights, but where the bounded members together have more than their part of the whole, they are made that
 * part, and the others what is left: among themselves members keep their proportions, and the sum stays as it was.
 * Where no other member weighs anything, all stay as they are.
 * @param weights float64, none below 0.
 * @param isBounded of each member.
 */
export function capped(
  weights: readonly number[],
  isBounded: readonly boolean[],
  part = BOUNDED_WEIGHT,
): number[] {
  const sumOf = (bounded: boolean) =>
    weights.reduce((sum, weight, index) => sum + (isBounded[index] === bounded ? weight : 0), 0);
  const bounded = sumOf(true);
  const others = sumOf(false);
  const most = part * (bounded + others);
  if (others === 0 || bounded <= most) return [...weights];
  const rest = bounded + others - most;
  // The quotient first: it is at most 1, however little the others weigh.
  return weights.map((weight, index) =>
    isBounded[index] === true ? (weight / bounded) * most : (weight / others) * rest,
  );
}
