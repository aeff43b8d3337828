import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';
import { DeviceMomentum } from './deviceMomentum.ts';

const of = (value: number) => new Float32Array(3).fill(value);

describe('the momentum of a device', () => {
  it('[AG28] is its first update, then a part of what was applied last and the rest of the new one', () => {
    const momentum = new DeviceMomentum(0.75, 3);
    expect(momentum.next('a', of(8))).toEqual(of(8));
    momentum.applied('a', of(8));
    expect(momentum.next('a', of(0))).toEqual(of(6));
    expect(momentum.next('b', of(1))).toEqual(of(1));
  });

  it('[AG28] takes no note of what is not applied', () => {
    const momentum = new DeviceMomentum(0.5, 3);
    momentum.applied('a', of(4));
    momentum.next('a', of(1000));
    expect(momentum.next('a', of(0))).toEqual(of(2));
  });

  it('[AG28] begins again after a restore, and beyond the room for it', () => {
    const momentum = new DeviceMomentum(0.5, 3, 24);
    for (const device of ['a', 'b', 'c']) momentum.applied(device, of(2));
    expect(['a', 'b', 'c'].map((device) => momentum.next(device, of(0))[0])).toEqual([0, 1, 1]);
    momentum.clear();
    expect(momentum.next('c', of(0))).toEqual(of(0));
  });

  it('[AG28] with 0 leaves updates as they are', () => {
    const momentum = new DeviceMomentum(0, 3);
    momentum.applied('a', of(4));
    const update = of(1);
    expect(momentum.next('a', update)).toBe(update);
  });
});

/** Two devices in rounds. @returns `push`, which has both push this value and says how far the parameters moved. */
function twoDevices(deviceMomentum: number, shards: number) {
  const world = new World({
    policy: syncPolicy({ roundSize: 2 }),
    optimizer: { kind: 'sgd', lr: 1, momentum: 0 },
    deviceMomentum,
    shards,
  });
  const devices = [1, 2].map(() => world.device({ unitMs: null }).join().ready());
  world.coordinator.start();
  world.wire.drain();
  const push = (value: number) => {
    const [before = NaN] = world.parameters;
    const update = new Float32Array(world.parameters.length).fill(value);
    for (const device of devices) device.pushNow(device.lease, {}, update);
    const [after = NaN] = world.parameters;
    return Number((before - after).toFixed(4));
  };
  return { world, push };
}

describe('a run with momentum of each device', () => {
  it('[AG28] is moved by the momenta, on any number of shards by the same bits', () => {
    const [one, four] = [1, 4].map((shards) => {
      const { world, push } = twoDevices(0.5, shards);
      return { moved: [1, 0, 1].map(push), parameters: world.parameters };
    });
    expect(one?.moved).toEqual([1, 0.5, 0.75]);
    expect(four).toEqual(one);
  });

  it('[AG28] begins the momenta again where a state comes back', () => {
    const { world, push } = twoDevices(0.5, 2);
    const { coordinator } = world;
    push(1);
    coordinator.marks.mark(coordinator);
    coordinator.marks.judge(coordinator.version, true);
    expect(push(0)).toBe(0.5);
    coordinator.restore(1);
    world.wire.drain();
    expect(push(0)).toBe(0);
  });
});
