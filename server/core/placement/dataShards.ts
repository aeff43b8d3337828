/** A device that is to hold data shards. */
export interface DataShardHolder {
  device: string;
  /** Samples that it visits a round, or any other measure of its part. */
  weight: number;
  /** Indices of the data shards that it has had so far, the newest plan's first. */
  had: readonly number[];
}

/**
 * Gives every data shard to a device, each device as many as its weight asks for, one at least. What a device has had
 * stays with it up to that number, so that a change moves as few as possible; where there are more devices than data
 * shards, some are held by several [PL8].
 * @returns indices by device, in the order of the holders.
 */
export function assignDataShards(
  dataShards: readonly number[],
  holders: readonly DataShardHolder[],
): Map<string, number[]> {
  const free = new Set(dataShards);
  const quotas = quotasOf(dataShards.length, holders);
  const given = new Map<string, number[]>();
  holders.forEach(({ device, had }, index) => {
    const kept = had.filter((shard) => free.has(shard)).slice(0, quotas[index]);
    for (const shard of kept) free.delete(shard);
    given.set(device, kept);
  });
  holders.forEach(({ device }, index) => {
    const own = given.get(device) ?? [];
    for (const shard of free) {
      if (own.length >= (quotas[index] ?? 0)) break;
      own.push(shard);
      free.delete(shard);
    }
  });
  shareAmongSeveral(dataShards, holders, given);
  return given;
}

/** Numbers that sum to the count, in proportion to the weights by the largest remainders, one at least where it can be. */
function quotasOf(count: number, holders: readonly DataShardHolder[]): number[] {
  const total = holders.reduce((sum, { weight }) => sum + weight, 0);
  const spread = holders.map(({ weight }) => (total > 0 ? (count * weight) / total : count / holders.length));
  if (holders.length >= count) return oneEach(count, spread);
  const quotas = spread.map((wanted) => Math.max(1, Math.floor(wanted)));
  const byNeed = spread
    .map((wanted, index) => ({ index, need: wanted - (quotas[index] ?? 0) }))
    .sort((left, right) => right.need - left.need || left.index - right.index);
  let left = count - quotas.reduce((sum, quota) => sum + quota, 0);
  for (let turn = 0; left > 0 && byNeed.length > 0; turn++, left--) {
    const { index } = byNeed[turn % byNeed.length] ?? { index: 0 };
    quotas[index] = (quotas[index] ?? 0) + 1;
  }
  // More than there are, because each device has one: take from the largest.
  for (; left < 0; left++) {
    const most = quotas.indexOf(Math.max(...quotas));
    quotas[most] = (quotas[most] ?? 1) - 1;
  }
  return quotas;
}

/** One for each of the heaviest, of equals the first, none for the others. */
function oneEach(count: number, spread: readonly number[]): number[] {
  const heaviest = [...spread.keys()].sort(
    (left, right) => (spread[right] ?? 0) - (spread[left] ?? 0) || left - right,
  );
  const chosen = new Set(heaviest.slice(0, count));
  return spread.map((_, index) => (chosen.has(index) ? 1 : 0));
}

/** A device without one shares the one that the fewest hold, of those it has had if it can. */
function shareAmongSeveral(
  dataShards: readonly number[],
  holders: readonly DataShardHolder[],
  given: Map<string, number[]>,
): void {
  const held = new Map(dataShards.map((shard) => [shard, 0]));
  for (const shard of [...given.values()].flat()) held.set(shard, (held.get(shard) ?? 0) + 1);
  for (const { device, had } of holders) {
    if (given.get(device)?.length !== 0 || dataShards.length === 0) continue;
    const least = Math.min(...held.values());
    const candidates = dataShards.filter((shard) => held.get(shard) === least);
    const taken = had.find((shard) => candidates.includes(shard)) ?? candidates[0] ?? 0;
    held.set(taken, least + 1);
    given.set(device, [taken]);
  }
}
