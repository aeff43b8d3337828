import { AFFINITIES } from '../../../shared/protocol/placement.ts';
import type { PlacementConstraint } from '../../../shared/protocol/placement.ts';
import { isFor, nameOf, type NamedDevice } from './selectors.ts';

/** The pinned data shards that follow from the constraints, for the devices that are here. */
export interface Pins {
  /** Data shards that a device must train on, by device. */
  own: Map<string, number[]>;
  /** Data shards that the planner may give to any device. */
  free: number[];
  /** Data shards that no device may train on now, and why. */
  waiting: { dataShards: number[]; why: string }[];
}

/** Whether there is a data shard that a device may train on. */
export const hasData = ({ own, free }: Pins, device: string): boolean => free.length > 0 || own.has(device);

/**
 * Which devices have the data shards that constraints pin: those that match train on them and no other does. Where none that
 * matches is here, hard affinity waits and soft affinity gives them back [PL11].
 * @param able devices that may have work.
 */
export function resolvePins(
  dataShards: readonly number[],
  constraints: readonly PlacementConstraint[],
  able: readonly NamedDevice[],
): Pins {
  const own = new Map<string, number[]>();
  const taken = new Set<number>();
  const waiting: Pins['waiting'] = [];
  for (const each of constraints) {
    if (each.dataShards.length === 0) continue;
    const holders = able.filter((device) => isFor(each, device));
    if (holders.length === 0 && !AFFINITIES[each.affinity].waits) continue;
    for (const shard of each.dataShards) taken.add(shard);
    for (const { id } of holders) own.set(id, [...(own.get(id) ?? []), ...each.dataShards]);
    if (holders.length > 0) continue;
    waiting.push({ dataShards: each.dataShards, why: `wait for ${nameOf(each)}, which is not here to work` });
  }
  return { own, free: dataShards.filter((shard) => !taken.has(shard)), waiting };
}
