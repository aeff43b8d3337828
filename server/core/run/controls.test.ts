import { describe, expect, it } from 'vitest';
import type { Policy } from '../policy/policy.ts';
import { asyncPolicy, bufferedPolicy, LIMITS, syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';

const POLICIES: [string, () => Policy][] = [
  ['async', () => asyncPolicy()],
  ['sync', () => syncPolicy()],
  ['buffered', () => bufferedPolicy({ buffer: 3 })],
  ['sync of three', () => syncPolicy({ roundSize: 3 })],
];

/** Three devices with a lease each that do only what they are told. */
function three(policy: Policy) {
  const world = new World({ policy });
  const devices = world.readyDevices(3, { unitMs: null });
  world.coordinator.start();
  world.wire.drain();
  const [first, second, third] = devices;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three devices');
  return { world, devices, first, second, third };
}

describe.each(POLICIES)('training, %s', (_, policy) => {
  it('[CM1] [PO2] [PO3] devices reach as many commits as are asked of them', () => {
    const world = new World({ policy: policy() });
    world.readyDevices(3);
    world.committed = () => {
      if (world.coordinator.version === 30) world.coordinator.stop();
    };
    world.coordinator.start();
    world.pass(60_000);
    expect(world.coordinator.version).toBe(30);
    expect(world.parameters).toEqual(world.plain().at(-1));
    expect(world.ledger.unanswered).toBe(0);
  });

  it.each<[string, (world: World) => void]>([
    ['hangs', (world) => world.readyDevices(1, { unitMs: null })],
    [
      'hangs and asks for more again and again',
      (world) => {
        const [device] = world.readyDevices(1, { unitMs: null });
        const again = () => {
          device?.ready();
          world.clock.after(100, again);
        };
        again();
      },
    ],
    ['is late every time', (world) => world.readyDevices(1, { unitMs: 2 * LIMITS.capMs })],
    [
      'vanishes in the middle of a unit',
      (world) => {
        const [device] = world.readyDevices(1, { unitMs: null });
        world.clock.after(500, () => device?.vanish());
      },
    ],
  ])('[PO4] [PO5] one device that %s does not hold the others up', (_what, misbehave) => {
    const world = new World({ policy: policy() });
    world.readyDevices(3);
    misbehave(world);
    world.coordinator.start();
    world.pass(60_000);
    expect(world.coordinator.version).toBeGreaterThan(50);
    expect(world.parameters).toEqual(world.plain().at(-1));
  });

  it('[RN1] [RN10] a paused run grants nothing; what is out comes in and counts', () => {
    const { world, devices } = three(policy());
    world.coordinator.pause();
    for (const device of devices) device.pushNow();
    expect(world.recorder.applied.size).toBe(3);
    for (const device of devices) device.ready();
    world.pass(LIMITS.capMs);
    expect(world.leases.size).toBe(3);
    world.coordinator.start();
    expect(world.leases.size).toBe(6);
  });

  it('[RN10] what a paused run holds is decided by the deadline of the round, though a device is lost', () => {
    const { world, first, second, third } = three(policy());
    for (const device of [first, second]) device.push();
    world.coordinator.pause();
    world.pass(100);
    third.vanish();
    world.pass(2 * LIMITS.capMs);
    const leases = [first, second].map((device) => device.leases[0]?.terms.lease);
    expect([...world.recorder.applied].sort()).toEqual(leases);
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[RN2] a frozen run decides nothing; held pushes count when it is started, or paused', () => {
    for (const thaw of ['start', 'pause'] as const) {
      const { world, devices } = three(policy());
      world.coordinator.freeze();
      for (const device of devices) device.pushNow();
      world.pass(3 * LIMITS.capMs);
      expect(world.coordinator.version).toBe(0);
      expect(devices.flatMap(({ answers }) => answers)).toEqual([]);
      world.coordinator[thaw]();
      world.wire.drain();
      expect(world.recorder.applied.size).toBe(3);
      for (const device of devices) device.ready();
      world.wire.drain();
      expect(world.leases.size).toBe(thaw === 'start' ? 6 : 3);
      expect(world.parameters).toEqual(world.plain().at(-1));
    }
  });

  it('[RN4] [RN11] a stopped run answers every live lease WITHDRAWN and changes nothing until it is started', () => {
    const { world, first, second, third, devices } = three(policy());
    world.coordinator.freeze();
    first.pushNow();
    second.push(second.lease, {}, second.gradient(), [0]);
    world.wire.drain();
    world.coordinator.stop();
    for (const device of [second, third]) device.push(device.lease, {}, device.gradient(), [1]);
    world.pass(3 * LIMITS.capMs);
    expect(devices.map((device) => device.outcomes())).toEqual([
      ['WITHDRAWN', 'WITHDRAWN'],
      ['WITHDRAWN', 'WITHDRAWN'],
      ['WITHDRAWN'],
    ]);
    expect(first.answers.map(({ version }) => version)).toEqual([0, 0]);
    expect(world.shards.map(({ held }) => held)).toEqual([0, 0]);
    expect(world.parameters).toEqual(world.initial);
    const units = [...world.leases.values()].map(({ unit }) => unit);
    for (const device of devices) device.ready();
    world.coordinator.start();
    world.wire.drain();
    expect(devices.map(({ lease }) => lease.unit)).toEqual(units);
  });

  it('[RN11] a stop from within a commit stops at that very version', () => {
    const { world, devices } = three(policy());
    world.coordinator.freeze();
    for (const device of devices) device.pushNow();
    world.committed = () => world.coordinator.stop();
    world.coordinator.start();
    world.pass(3 * LIMITS.capMs);
    expect(world.coordinator.version).toBe(1);
    expect(world.ledger.unanswered).toBe(0);
  });
});

describe('rounds', () => {
  it('[PO10] two of three push, the third is lost: the round commits by its deadline', () => {
    const { world, first, second, third } = three(syncPolicy({ roundSize: 3 }));
    for (const device of [first, second]) device.pushNow();
    third.vanish();
    world.pass(2 * LIMITS.capMs - 100);
    expect(world.coordinator.version).toBe(0);
    world.pass(100);
    expect(world.coordinator.version).toBe(1);
    expect(world.recorder.membersAt(1)).toHaveLength(2);
    expect(world.parameters).toEqual(world.plain()[1]);
  });

  it('[PO3] where nobody is left to take a lost slot, a round of all commits at once', () => {
    const { world, first, second, third } = three(syncPolicy());
    for (const device of [first, second]) device.pushNow();
    third.vanish();
    expect(world.coordinator.version).toBe(1);
  });

  it('[PO3] a device that waits gets its turn when a round ends with nothing', () => {
    const world = new World({ policy: syncPolicy() });
    const [hanging] = world.readyDevices(1, { unitMs: null });
    world.coordinator.start();
    world.pass(100);
    world.readyDevices(1, { unitMs: null });
    const patient = world.device().join().ready();
    world.pass(2 * LIMITS.capMs);
    expect(hanging?.leases).toHaveLength(1);
    world.pass(LIMITS.capMs);
    expect(patient.outcomes(patient.leases[0])).toEqual(['APPLIED', 'APPLIED']);
  });

  it('[PO5] a round of fixed size rotates through the devices that are too many for it', () => {
    const world = new World({ policy: syncPolicy({ roundSize: 2 }) });
    const devices = world.readyDevices(5);
    world.coordinator.start();
    world.pass(5000);
    const applied = devices.map(
      ({ answers }) => answers.filter(({ outcome }) => outcome === 'APPLIED').length,
    );
    expect(Math.min(...applied)).toBeGreaterThan(0.5 * Math.max(...applied));
  });
});

it('[RN2] [PO15] an update that waited in a buffer before a freeze is in one commit only', () => {
  const { world, first, second, third } = three(bufferedPolicy({ buffer: 2 }));
  second.pushNow();
  world.coordinator.freeze();
  first.pushNow();
  world.coordinator.start();
  third.pushNow();
  first.ready();
  world.wire.drain();
  first.pushNow();
  expect(world.coordinator.version).toBe(2);
  expect(world.recorder.applied.size).toBe(4);
  expect(world.parameters).toEqual(world.plain().at(-1));
});
