import { describe, expect, it } from 'vitest';
import type { Policy } from '../policy/policy.ts';
import { asyncPolicy, bufferedPolicy, syncPolicy } from '../testing/policies.ts';
import type { ScriptedDevice } from '../testing/scriptedDevice.ts';
import { twoDevices } from '../testing/twoDevices.ts';
import { World } from '../testing/world.ts';

const POLICIES: [string, () => Policy][] = [
  ['async', () => asyncPolicy()],
  ['sync', () => syncPolicy()],
  ['buffered', () => bufferedPolicy({ buffer: 2 })],
  ['sync of two', () => syncPolicy({ roundSize: 2 })],
];

const stateOf = (world: World, { id }: ScriptedDevice) =>
  world.crowd.records().find(({ device }) => device === id)?.state;

describe.each(POLICIES)('a stop and a start, %s', (_, policy) => {
  it.each([0, 30, 50, 99, 100, 120])(
    '[LS9] [LS19] [RN4] %i ms into a unit: every device goes on, again and again, without being asked to',
    (milliseconds) => {
      const world = new World({ policy: policy() });
      const devices = [
        world.device({ unitMs: 100 }).join().ready(),
        world.device({ unitMs: 170, workers: 2 }).join().ready(),
      ];
      world.coordinator.start();
      for (let time = 0; time < 10; time++) {
        world.pass(150 + milliseconds);
        world.coordinator.stop();
        world.coordinator.start();
        const before = devices.map(({ leases }) => leases.length);
        world.pass(1000);
        devices.forEach(({ leases }, index) => expect(leases.length).toBeGreaterThan(before[index] ?? 0));
      }
      expect(world.parameters).toEqual(world.plain().at(-1));
    },
  );

  it('[LS19] a stop while the answers are on their way leaves nobody without work', () => {
    const world = new World({ policy: policy() });
    const devices = world.readyDevices(2, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    const [first, second] = devices;
    // One slice is there and the other is on its way, when the run stops.
    first?.push();
    second?.push(second.lease, {}, second.gradient(), [0]);
    world.wire.deliver(world.wire.busy()[0] ?? '');
    world.coordinator.stop();
    world.wire.drain();
    expect(first?.answers.map(({ outcome, version }) => [outcome, version])).toEqual([
      ['WITHDRAWN', undefined],
      ['WITHDRAWN', undefined],
    ]);
    expect(devices.map((device) => stateOf(world, device))).toEqual(['silent', 'silent']);
  });
});

describe('who need not ask', () => {
  it('[LS9] [RN4] a worker whose update was complete when the run stopped has its weights and is ready', () => {
    const { world, first } = twoDevices(syncPolicy());
    first.pushNow();
    world.coordinator.stop();
    world.wire.drain();
    expect(first.answers.map(({ outcome, version }) => [outcome, version])).toEqual([
      ['WITHDRAWN', 0],
      ['WITHDRAWN', 0],
    ]);
    expect(stateOf(world, first)).toBe('idle');
    world.coordinator.start();
    world.wire.drain();
    expect(first.leases).toHaveLength(2);
  });

  it('[LS9] [PO7] a worker whose update was STALE has fresh weights and its next lease', () => {
    const { world, first, second } = twoDevices(asyncPolicy(1));
    const stale = first.lease;
    for (let unit = 0; unit < 2; unit++) second.pushNow();
    first.pushNow(stale);
    expect(first.answers.map(({ outcome, version }) => [outcome, version])).toEqual([
      ['STALE', 2],
      ['STALE', 2],
    ]);
    expect(first.leases).toHaveLength(2);
    expect(first.lease.terms.baseVersion).toBe(2);
    expect(world.coordinator.version).toBe(2);
  });

  it.each([
    ['EXPIRED', (world: World) => world.clock.advance(10_000)],
    ['WITHDRAWN', (_world: World, device: ScriptedDevice) => void device.release()],
  ])('[LS9] [LS18] but one whose lease ended as %s has to ask', (outcome, end) => {
    const { world, first } = twoDevices();
    const { lease } = first;
    end(world, first);
    first.pushNow(lease);
    expect(first.answers.map((answer) => [answer.outcome, answer.version])).toEqual([
      [outcome, undefined],
      [outcome, undefined],
    ]);
    expect(stateOf(world, first)).toBe('silent');
    first.ready();
    world.wire.drain();
    expect(first.leases).toHaveLength(2);
  });
});

it('[LS9] a lost data channel is no end of work: what it left unanswered is asked again and goes on', () => {
  const world = new World({ policy: syncPolicy() });
  const device = world.device({ unitMs: 100 }).join().ready();
  device.openChannel();
  world.coordinator.start();
  for (let unit = 0; unit < 10; unit++) {
    world.pass(50);
    world.clock.advance(60);
    // The push is on its way, or its answer is.
    if (unit % 2 === 0) world.wire.deliver(world.wire.busy()[0] ?? '');
    device.loseChannel();
    device.openChannel();
    const before = device.leases.length;
    world.pass(500);
    expect(device.leases.length).toBeGreaterThan(before);
  }
  expect(world.parameters).toEqual(world.plain().at(-1));
});
