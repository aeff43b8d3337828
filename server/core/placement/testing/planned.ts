import type { CapabilityProfile } from '../../../../shared/profile/profile.ts';
import type { ScriptedDevice } from '../../testing/scriptedDevice.ts';
import { syncPolicy } from '../../testing/policies.ts';
import type { WorldOptions } from '../../testing/testServer.ts';
import { World } from '../../testing/world.ts';

const LOCAL = { steps: 16, lr: 0.1, momentum: 0, decay: null };
/** Lets promises run: a plan is made by one even where nothing is to be solved. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** A world whose run is planned for, and what a test asks of it. */
export function planned(options: WorldOptions = {}) {
  const world = new World({ policy: syncPolicy(), local: LOCAL, placement: 'ilp', ...options });
  world.coordinator.start();
  /** Time passes in chunks short enough for plans to be made meanwhile. */
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      world.pass(100);
      await settled();
    }
  };
  const allocation = ({ id }: ScriptedDevice) => {
    const found = world.placement.report().devices.find(({ device }) => device === id);
    if (found === undefined) throw new Error('has no allocation');
    return found;
  };
  const shards = (device: ScriptedDevice, since = 0) =>
    new Set(device.leases.slice(since).map(({ unit }) => unit.dataShard.index));
  return { world, pass, allocation, shards };
}

/** Milliseconds a sample, so that a unit takes as long as its size asks for. */
export const pace = (msPerSample: number, profile: Partial<CapabilityProfile> = {}) => ({
  msPerSample,
  profile,
});
