import { expect, it } from 'vitest';
import type { NewEvent } from '../../../shared/protocol/events.ts';
import { World } from '../testing/world.ts';
import { DeviceEvents } from './deviceEvents.ts';

function recorded() {
  const world = new World();
  const events: NewEvent[] = [];
  const devices = new DeviceEvents((event) => events.push(event));
  world.crowd.watch((device) => devices.look(device));
  world.coordinator.start();
  return { world, events, types: () => events.map(({ type }) => type) };
}

it('[LG2] a device that joins, works, is stopped and disconnects has three events, by its id', () => {
  const { world, events, types } = recorded();
  const [device] = world.readyDevices(1);
  world.pass(1000);
  expect(types()).toEqual(['joined']);
  const session = device?.session ?? { device: '', number: 0 };
  world.crowd.leave(session);
  world.crowd.disconnect(session);
  expect(types()).toEqual(['joined', 'left', 'gone']);
  expect(events.every(({ actor }) => actor === device?.id)).toBe(true);
  expect(events.at(-1)).toMatchObject({ applied: world.crowd.records()[0]?.applied });
});

it('[LG2] one that joins again under its id has joined', () => {
  const { world, types } = recorded();
  const [device] = world.readyDevices(1);
  device?.resume();
  expect(types()).toEqual(['joined', 'joined']);
});

it('[LG2] one that is given no more work after its faults is an event at once', () => {
  const { world, types } = recorded();
  const [device] = world.readyDevices(1, { unitMs: null });
  world.wire.drain();
  for (let fault = 0; fault < 4; fault++) {
    device?.release();
    device?.ready();
    world.wire.drain();
  }
  expect(types()).toEqual(['joined']);
  device?.release();
  expect(types()).toEqual(['joined', 'faulty']);
});
