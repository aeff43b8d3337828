import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import { RunWorld, settled } from '../testing/runWorld.ts';
import type { Tampering } from '../testing/scriptedDevice.ts';

/* When the guard looks at the model, where nobody's updates become part of it. */

const NOT_A_NUMBER: Tampering = { values: (values) => values.map(() => NaN) };
const CHECK_MS = 100;

/** Devices that send what they are told, and a guard whose checks take a while. */
async function guarded(devices: number) {
  const world = new RunWorld({ evaluateEvery: 1000, guardJump: 3 }, { policy: syncPolicy() });
  const checked: number[] = [];
  let loss = 1;
  world.lossOf = () =>
    new Promise((resolve) => {
      checked.push(world.coordinator.version);
      const found = loss;
      world.clock.after(CHECK_MS, () => resolve(found));
    });
  const crew = Array.from({ length: devices }, () => world.device({ unitMs: null }).join().ready());
  await world.run.start();
  world.wire.drain();
  const push = async (tampering?: Tampering, only = crew) => {
    for (const device of only) device.pushNow(device.lease, tampering);
    await settled();
    world.wire.drain();
  };
  const fails = () => {
    loss = NaN;
  };
  return { world, crew, push, checked, fails };
}

describe('a version that comes while the guard rests', () => {
  it('[GU10] is checked after the rest, although no other follows', async () => {
    const { world, push, checked } = await guarded(2);
    await push();
    await world.live(CHECK_MS + 50);
    await push();
    expect(checked).toEqual([1]);
    await world.live(8 * CHECK_MS);
    expect(checked).toEqual([1, 2]);
    await world.live(20 * CHECK_MS);
    expect(checked).toEqual([1, 2]);
  });

  it('[GU10] is checked where it came during the check before it', async () => {
    const { world, push, checked } = await guarded(2);
    await push();
    await push();
    expect(checked).toEqual([1]);
    await world.live(11 * CHECK_MS);
    expect(checked).toEqual([1, 2]);
  });

  it('[GU10] is not checked once the run is closed', async () => {
    const { world, push, checked } = await guarded(2);
    await push();
    await world.live(CHECK_MS + 50);
    await push();
    world.run.close();
    await world.live(20 * CHECK_MS);
    expect(checked).toEqual([1]);
  });
});

describe('a model that no device has a usable update of', () => {
  it('[GU11] is checked without a rest, and the good state comes back with nothing held against the devices', async () => {
    const { world, crew, push, checked, fails } = await guarded(3);
    await push();
    await world.live(CHECK_MS + 50);
    await push();
    fails();
    await push(NOT_A_NUMBER, crew.slice(0, 2));
    expect(checked).toEqual([1, 2]);
    const faults = () => crew.map(({ id }) => world.crowd.get(id)?.history.trust.faults);
    expect(faults()).toEqual([1, 1, 0]);
    await world.live(CHECK_MS + 50);
    expect(world.rescues).toMatchObject([{ of: 0 }]);
    expect(faults()).toEqual([0, 0, 0]);
  });

  it('[GU11] is checked once more where the suspicion came during a check', async () => {
    const { world, crew, push, checked } = await guarded(3);
    await push();
    await push(NOT_A_NUMBER, crew.slice(0, 2));
    expect(checked).toEqual([1]);
    await world.live(CHECK_MS + 50);
    expect(checked).toEqual([1, 1]);
  });

  it('[GU11] is not suspected for one device of three', async () => {
    const { world, crew, push, checked } = await guarded(3);
    await push();
    await world.live(CHECK_MS + 50);
    await push(NOT_A_NUMBER, crew.slice(0, 1));
    await world.live(5 * CHECK_MS);
    expect(checked).toEqual([1]);
  });
});
