import { describe, expect, test, vi } from 'vitest';
import { sampleCheckpoint } from './fixtures/samples.ts';
import type { StoredRun } from './runs.ts';
import { Disk } from './testing/disk.ts';
import { keptOn } from './testing/keptOn.ts';

const DAY = new Date('2026-01-02T03:04:05.678Z');
const { model } = sampleCheckpoint();
const job = { model, dataset: 'mnist', settings: { lr: 0.1 } };
const measurement = (version: number, testAccuracy = 0.9) => ({
  version,
  samples: version * 128,
  seconds: version,
  testAccuracy,
  testLoss: 1 - testAccuracy,
});

async function world() {
  const disk = new Disk();
  const rows = new Map<string, string>();
  const open = () => keptOn(disk, { rows });
  const kept = await open();
  const start = async () => {
    const record = await kept.runs.begin(job, DAY);
    await record.started('0a0b0c0d', { lr: 0.1 }, DAY);
    return record;
  };
  /** As the next server goes on. */
  const goOn = async (version: number) => {
    const { runs } = await open();
    return runs.goOn((await runs.newest()) as StoredRun, version);
  };
  const newest = async () => (await (await open()).runs.newest())?.row;
  return { ...kept, open, start, goOn, newest };
}

describe('the runs of a store', () => {
  test('[CK7] each have an id of their own; the one that was begun last is the newest', async () => {
    const { start, newest, store } = await world();
    expect(await newest()).toBeUndefined();
    const first = await start();
    const second = await start();
    expect(first.run).toMatch(/^[0-9a-f]{12}$/);
    expect(second.run).not.toBe(first.run);
    expect((await newest())?.run).toBe(second.run);
    expect(await store.runs.list()).toHaveLength(2);
  });

  test('[RN20] one that was not started is not in the store', async () => {
    const { runs, newest } = await world();
    await runs.begin(job, DAY);
    expect(await newest()).toBeUndefined();
  });

  test('[RN20] the state, settings and incarnation are there at the next start', async () => {
    const { start, newest } = await world();
    const record = await start();
    expect(await newest()).toMatchObject({ state: 'running', stop: null, incarnation: '0a0b0c0d' });
    await record.keepState('paused', null);
    await record.keepSettings({ lr: 0.2 });
    expect(await newest()).toMatchObject({ state: 'paused', settings: { lr: 0.2 } });
    await record.keepState('stopped', 'target');
    expect(await newest()).toMatchObject({ state: 'stopped', stop: 'target' });
  });

  test('[RN24] a change that could not be kept is not kept by a later one, and is tried again where it is asked for again', async () => {
    const { start, newest, store } = await world();
    const record = await start();
    vi.spyOn(store, 'write').mockRejectedValueOnce(new Error('no room'));
    await expect(record.keepSettings({ lr: 9 })).rejects.toThrow('no room');
    await record.keepState('paused', null);
    expect(await newest()).toMatchObject({ state: 'paused', settings: { lr: 0.1 } });
    vi.spyOn(store, 'write').mockRejectedValueOnce(new Error('no room'));
    await expect(record.keepState('running', null)).rejects.toThrow('no room');
    await record.keepState('running', null);
    expect(await newest()).toMatchObject({ state: 'running' });
  });

  test('[RN24] changes at once are all kept', async () => {
    const { start, newest } = await world();
    const record = await start();
    await Promise.all([record.keepSettings({ lr: 0.3 }), record.keepState('stopped', 'target')]);
    expect(await newest()).toMatchObject({ state: 'stopped', stop: 'target', settings: { lr: 0.3 } });
  });

  test('[CK25] measurements are kept as they are made, and the next start has those up to its version', async () => {
    const { start, goOn } = await world();
    const record = await start();
    for (const version of [10, 20, 30]) await record.addMeasurement(measurement(version));
    const again = await goOn(20);
    expect(again.measurementsBefore).toEqual([measurement(10), measurement(20)]);
  });

  test('[CK25] what the store has of lost commits stays until a checkpoint is saved, and goes then', async () => {
    const { start, goOn, store } = await world();
    const record = await start();
    await record.save(sampleCheckpoint(20));
    await record.save(sampleCheckpoint(30));
    for (const version of [20, 40, 50]) await record.addMeasurement(measurement(version));
    const second = await goOn(20);
    await second.addMeasurement(measurement(45));
    const third = await goOn(20);
    const { run } = third;
    expect((await third.checkpoints()).map(({ version }) => version)).toEqual([30, 20]);
    await third.addMeasurement(measurement(22));
    await third.save(sampleCheckpoint(25));
    expect((await third.checkpoints()).map(({ version }) => version)).toEqual([25, 20]);
    const measured = await store.measurements.list(run);
    expect(measured.map(({ entry }) => entry.version)).toEqual([20, 22]);
  });

  test('[CK27] a checkpoint is good if it was measured about as accurate as the best before it', async () => {
    const { start } = await world();
    const record = await start();
    await record.addMeasurement(measurement(1, 0.5));
    await record.save(sampleCheckpoint(1));
    await record.save(sampleCheckpoint(2));
    await record.addMeasurement(measurement(3, 0.9));
    await record.save(sampleCheckpoint(3));
    await record.save(sampleCheckpoint(4));
    await record.addMeasurement(measurement(4, 0.7));
    const known = (await record.checkpoints()).map(({ version, measured, good }) => [
      version,
      measured?.testAccuracy ?? null,
      good,
    ]);
    expect(known).toEqual([
      [4, 0.7, false],
      [3, 0.9, true],
      [2, null, false],
      [1, 0.5, true],
    ]);
  });
});
