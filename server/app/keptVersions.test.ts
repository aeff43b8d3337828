import { describe, expect, it } from 'vitest';
import { StoreError } from '../store/errors.ts';
import { sampleCheckpoint } from '../store/fixtures/samples.ts';
import type { RunRecord } from '../store/runs.ts';
import { keptStateOf, keptVersions } from './keptVersions.ts';

type Kept = Pick<RunRecord, 'checkpoints' | 'load'>;

const rowOf = (version: number, good: boolean) => ({
  run: '0123456789ab',
  version,
  updates: version - 1,
  samples: 10 * version,
  seconds: version,
  measured: good ? { testAccuracy: 0.9, testLoss: 0.3 } : null,
  good,
  blob: 'ab'.repeat(32),
  bytes: 1,
  savedAt: '2026-01-02T03:04:05.678Z',
});
const measurementOf = (version: number) => ({
  version,
  samples: 10 * version,
  seconds: version,
  testAccuracy: 0.8,
  testLoss: 0.5,
});

/** A record with the checkpoints of versions 9 and 5, each of which is loaded as `load` says. */
const recordOf = (load: Kept['load'] = () => Promise.reject(new Error('not asked'))): Kept => ({
  checkpoints: () => Promise.resolve([rowOf(9, false), rowOf(5, true)]),
  load,
});

describe('the versions that a run can be rolled back to', () => {
  it('[RS7] are those of checkpoints and those that shards keep, newest first, each once', async () => {
    const marked = [
      { version: 7, updates: 6 },
      { version: 5, updates: 4 },
    ];
    const measurements = [5, 7, 8].map(measurementOf);
    const { savedAt } = rowOf(9, false);
    expect(await keptVersions({ record: recordOf(), marked, measurements })).toEqual([
      { version: 9, updates: 8, samples: 90, testAccuracy: null, good: false, savedAt },
      { version: 7, updates: 6, samples: 70, testAccuracy: 0.8, good: true, savedAt: null },
      { version: 5, updates: 4, samples: 50, testAccuracy: 0.9, good: true, savedAt },
    ]);
  });
});

describe('the state of a checkpoint', () => {
  const checkpoint = { ...sampleCheckpoint(5), settings: { optimizer: 'adam' } };

  it('[RS4] is its vectors, and the optimizer that they are of', async () => {
    const { parameters, optimizer: optimizerState } = checkpoint;
    const state = await keptStateOf(
      recordOf(() => Promise.resolve(checkpoint)),
      5,
    );
    expect(state).toEqual({ version: 5, parameters, optimizerState, optimizer: 'adam' });
  });

  it('[RS5] cannot be had of a version without one, of one that cannot be read, and of one that names no optimizer', async () => {
    const missing = new StoreError('the blob is missing');
    const unknown = { ...checkpoint, settings: { optimizer: 'guess' } };
    await expect(keptStateOf(recordOf(), 6)).rejects.toMatchObject({
      fault: 'unknown',
      message: 'No state of version 6 is kept.',
    });
    const faulty = [() => Promise.reject(missing), () => Promise.resolve(unknown)];
    const messages = ['the blob is missing', 'The checkpoint of version 5 names no optimizer.'];
    for (const [index, load] of faulty.entries()) {
      const message = messages[index];
      await expect(keptStateOf(recordOf(load), 5)).rejects.toMatchObject({ fault: 'unusable', message });
    }
  });
});
