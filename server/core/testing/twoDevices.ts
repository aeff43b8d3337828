import type { Policy } from '../policy/policy.ts';
import { asyncPolicy } from './policies.ts';
import { World } from './world.ts';

/** Two shards and two devices that do only what they are told, each with its first lease. */
export function twoDevices(policy: Policy = asyncPolicy()) {
  const world = new World({ policy });
  const first = world.device({ unitMs: null });
  const second = world.device({ unitMs: null });
  for (const device of [first, second]) device.join().ready();
  world.coordinator.start();
  world.wire.drain();
  return { world, first, second };
}
