import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import { BATCH } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';

const SILENT = { unitMs: null };

/** Strangers alone, of whom some joined first, take leases and say nothing. */
function serverWith(silent: number): World {
  const world = new World({ policy: syncPolicy() });
  world.readyDevices(silent, SILENT);
  world.coordinator.start();
  world.pass(50);
  return world;
}

describe('strangers that say nothing', () => {
  it('[PO22] hold up those that come after them for five seconds, and later rounds not at all', () => {
    const world = serverWith(3);
    world.readyDevices(3);
    world.pass(6000);
    expect(world.coordinator.version).toBeGreaterThan(5);
    const before = world.coordinator.version;
    world.pass(2000);
    expect(world.coordinator.version).toBeGreaterThan(before + 15);
  });

  it('[PO20] cost the others little where a new one joins every second', () => {
    const world = new World({ policy: syncPolicy() });
    world.readyDevices(3);
    world.coordinator.start();
    world.pass(1000);
    const before = world.coordinator.version;
    for (let second = 0; second < 20; second++) {
      world.readyDevices(1, SILENT);
      world.pass(1000);
    }
    expect(world.coordinator.version).toBeGreaterThan(before + 100);
  });

  it.each([
    ['beside fast strangers', 0],
    ['beside fast and silent ones', 2],
  ])('[PO23] a phone whose first unit takes eight seconds loses that one alone, %s', (_, silent) => {
    const world = serverWith(silent);
    world.readyDevices(3);
    world.pass(7000);
    const phone = world
      .device({ msPerSample: 8000 / BATCH })
      .join()
      .ready();
    world.pass(1000);
    phone.setPace(200 / BATCH);
    world.pass(12_000);
    const history = world.crowd.histories().find(({ device }) => device === phone.id);
    expect(history).toMatchObject({ lost: 1, faultsInRow: 0 });
    expect(history?.applied).toBeGreaterThan(10);
  });

  it('[PO23] nor is anybody set aside who is slow at first while others never say anything', () => {
    const world = serverWith(2);
    const phones = [3000, 6000, 9000].map((unitMs) =>
      world
        .device({ msPerSample: unitMs / BATCH })
        .join()
        .ready(),
    );
    world.pass(6000);
    for (const phone of phones) phone.setPace(100 / BATCH);
    world.pass(20_000);
    const histories = world.crowd.histories().filter(({ device }) => phones.some(({ id }) => id === device));
    expect(histories.every(({ applied, faultsInRow }) => applied > 10 && faultsInRow === 0)).toBe(true);
  });
});
