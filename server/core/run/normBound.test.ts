import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import type { ScriptedDevice } from '../testing/scriptedDevice.ts';
import type { WorldOptions } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';
import { clipsAt, firstTrust } from '../crowd/trust.ts';
import { NormBound } from './normBound.ts';

const STRANGER = clipsAt(firstTrust(false));
const VOUCHED = clipsAt(firstTrust(true));

const UNIT = { kind: 'delta', samples: 480 } as const;

/** What is bound after three devices with updates of this norm. */
function after(norm: number): NormBound {
  const bound = new NormBound();
  for (const device of ['a', 'b', 'c']) bound.learn({ ...UNIT, device, norm }, 1);
  return bound;
}

describe('the bound on norms', () => {
  it('[NB4] scales an update down to a multiple of the usual norm, less of a device that nobody vouches for', () => {
    const bound = after(2);
    for (const multiple of [STRANGER, VOUCHED]) {
      const most = 2 * multiple;
      expect(bound.scaleOf({ ...UNIT, device: 'a', norm: most }, multiple)).toBe(1);
      expect(bound.scaleOf({ ...UNIT, device: 'a', norm: 4 * most }, multiple)).toBe(0.25);
    }
  });

  it('[NB6] forgets what a device sent that was found wrong', () => {
    const bound = after(2);
    for (const device of ['d', 'e', 'f', 'g']) bound.learn({ ...UNIT, device, norm: 1e-6 }, 1);
    const update = { ...UNIT, device: 'a', norm: 2 };
    expect(bound.scaleOf(update, VOUCHED)).toBeLessThan(0.001);
    for (const device of ['d', 'e', 'f', 'g']) bound.forget(device);
    expect(bound.scaleOf(update, VOUCHED)).toBe(1);
  });

  it('[NB6] scales nothing down by a usual norm of zero', () => {
    expect(after(0).scaleOf({ ...UNIT, device: 'a', norm: 2 }, STRANGER)).toBe(1);
  });

  it('[NB4] scales nothing down while nothing is usual', () => {
    expect(new NormBound().scaleOf({ ...UNIT, device: 'a', norm: 9000 }, STRANGER)).toBe(1);
  });

  it('[NB4] learns what an update was scaled down to', () => {
    const bound = after(1);
    for (const device of ['a', 'b', 'c']) {
      const update = { ...UNIT, device, norm: 1000 };
      bound.learn(update, bound.scaleOf(update, STRANGER));
    }
    expect(bound.scaleOf({ ...UNIT, device: 'd', norm: 1000 }, STRANGER)).toBe((STRANGER * STRANGER) / 1000);
  });
});

/** Three devices with a lease each of one round, that do only what they are told. */
function threeDevices(options: WorldOptions) {
  const world = new World({ policy: syncPolicy({ roundSize: 3 }), boundsNorms: true, ...options });
  const devices = [1, 2, 3].map(() => world.device({ unitMs: null }).join().ready());
  world.coordinator.start();
  world.wire.drain();
  return { world, devices };
}

const vector = (norm: number) => new Float32Array(1000).fill(norm / Math.sqrt(1000));
const pushed = (devices: ScriptedDevice[], norms: number[]) =>
  devices.forEach((device, index) => device.pushNow(device.lease, {}, vector(norms[index] ?? 0)));

describe('a run', () => {
  it('[NB4] is moved by no update further than the bound, on any number of shards by the same bits', () => {
    const [one, two, four] = [1, 2, 4].map((shards) => {
      const { world, devices } = threeDevices({ shards });
      pushed(devices, [1, 1, 1]);
      pushed(devices, [1, 1, 1000]);
      expect(world.coordinator.version).toBe(2);
      const [first, , last] = world.recorder.membersAt(2);
      expect((last?.weight ?? 0) / (first?.weight ?? 1)).toBeCloseTo(STRANGER / 1000, 8);
      return world.parameters;
    });
    expect([two, four]).toEqual([one, one]);
  });

  it('[NB7] the first updates of devices that nobody vouches for wait until the server has computed one itself', () => {
    const { world, devices } = threeDevices({});
    world.coordinator.expectReference();
    pushed(devices, [1, 1, 1000]);
    expect(world.coordinator.version).toBe(0);
    const { kind, samples } = devices[0]?.lease.terms ?? { kind: 'gradient', samples: 0 };
    world.coordinator.referred({ unit: { kind, samples }, norm: 1 });
    expect(world.coordinator.version).toBe(1);
    const [first, , last] = world.recorder.membersAt(1);
    expect((last?.weight ?? 0) / (first?.weight ?? 1)).toBeCloseTo(STRANGER / 1000, 8);
  });

  it('[NB7] where the server cannot compute one they wait no longer', () => {
    const { world, devices } = threeDevices({});
    world.coordinator.expectReference();
    pushed(devices, [1, 1, 1]);
    world.coordinator.referred(null);
    expect(world.coordinator.version).toBe(1);
  });

  it('[NB7] does not decide what ended while it waited, nor while nothing is decided', () => {
    const { world, devices } = threeDevices({});
    world.coordinator.expectReference();
    pushed(devices, [1, 1, 1]);
    world.coordinator.stop();
    world.coordinator.referred(null);
    expect(world.coordinator.version).toBe(0);
  });

  it('[NB5] has no such bound where whose an update is must not matter', () => {
    const { world, devices } = threeDevices({ boundsNorms: false });
    pushed(devices, [1, 1, 1]);
    pushed(devices, [1, 1, 1000]);
    expect(new Set(world.recorder.membersAt(2).map(({ weight }) => weight)).size).toBe(1);
  });
});
