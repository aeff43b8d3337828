import { describe, expect, it } from 'vitest';
import { UNKNOWN_CONDITIONS } from '../../../shared/profile/profile.ts';
import { syncPolicy } from '../testing/policies.ts';
import { pace, planned } from './testing/planned.ts';

const repeatable = (roundSize: number) =>
  planned({ placement: 'uniform', repeatable: true, policy: syncPolicy({ roundSize, rounds: 'complete' }) });

const METERED = { conditions: { ...UNKNOWN_CONDITIONS, metered: true } };

describe('the devices of a repeatable run', () => {
  it('[PL37] all have the same unit; a device with limits has none, with the reason', async () => {
    const { world, pass, allocation } = repeatable(2);
    const desktop = world.device(pace(1)).join().ready();
    const phone = world
      .device(pace(1, { formFactor: 'phone' }))
      .join()
      .ready();
    const metered = world.device(pace(1, METERED)).join().ready();
    await pass(5000);
    expect([desktop, phone, metered].map(({ leases }) => leases.length > 5)).toEqual([true, false, false]);
    expect([phone, metered].map(({ leases }) => leases.length)).toEqual([0, 0]);
    expect(allocation(phone)).toMatchObject({ role: 'reserve', workers: 0 });
    expect(allocation(phone).why.join('; ')).toMatch(
      /phone.*in a repeatable run no device can be given less/,
    );
    expect(allocation(metered).why[0]).toMatch(/metered/);
    expect(new Set(desktop.leases.map(({ terms }) => terms.samples)).size).toBe(1);
    expect(world.placement.report().number).toBe(0);
  });

  it('[PL37] [EN9] one whose engine does not give the same bits everywhere has no work, until it changes to one that does', async () => {
    const { world, pass, allocation } = repeatable(1);
    const device = world.device({ unitMs: 50 }).join();
    device.takeUp('webgpu', 1);
    await pass(1000);
    expect(device.leases).toEqual([]);
    expect(allocation(device).why).toEqual([
      'this run is repeatable, and webgpu does not give the same bits on every machine',
    ]);
    device.takeUp('wasm', 0.1);
    await pass(1000);
    expect(device.leases.length).toBeGreaterThan(2);
    expect(allocation(device)).toMatchObject({ role: 'train', workers: 1 });
  });

  it('[PL14] [PL13] one that the run does not require has none', async () => {
    const { world, pass, allocation } = planned({
      placement: 'uniform',
      repeatable: true,
      policy: syncPolicy({ roundSize: 1, rounds: 'complete' }),
      requires: { labels: { room: 'lab' } },
    });
    const here = world
      .device(pace(1, { labels: { room: 'lab' } }))
      .join()
      .ready();
    const elsewhere = world.device(pace(1)).join().ready();
    await pass(2000);
    expect([here.leases.length > 0, elsewhere.leases.length]).toEqual([true, 0]);
    expect(allocation(elsewhere).why[0]).toMatch(/requires/);
  });

  it('[PL14] [PL10] constraints are refused, since they would change units', async () => {
    const { world, pass } = repeatable(1);
    world.readyDevices(1, pace(1));
    await pass(500);
    const reserve = { selector: { formFactor: 'server' }, dataShards: [0] };
    expect(() => world.placement.direct({ constraints: [reserve] })).toThrow(/^This run is repeatable/);
    expect(() => world.placement.direct({ constraints: [] })).not.toThrow();
  });
});
