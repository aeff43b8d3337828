import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { deviceOf, snapshotOf } from './testing/snapshot.ts';
import { summaryJson, summaryOf, summaryText } from './summary.ts';

const demo = loadConfig('demo', ['--model', 'lenet', '--shards', '2', '--tabs', '3'], {});
const HASH = 'ab'.repeat(32);
const TRAVELLED =
  '{"device":"0123456789ab","newest":"socketio","socketio":{"bytesUp":1000,"bytesDown":2000},"webrtc":{"bytesUp":0,"bytesDown":0}}';
const devices = [deviceOf('tfjs-webgl', 3), deviceOf('wasm', 5), deviceOf('wasm', 1), deviceOf('webgpu', 0)];
const audits = { right: 12, wrong: 1, unclear: 2, seconds: 0.25, share: 0.004 };
const ended = snapshotOf({ state: 'stopped', stop: 'target' }, { devices, audits });

it('is one JSON line with its keys in order', () => {
  expect(summaryJson(summaryOf(ended, demo, 60_000, HASH))).toBe(
    '{"model":"lenet","mode":"sync","shards":2,"localSteps":120,"tabs":3,"nodeWorkers":0,"engines":["tfjs-webgl","wasm"],"version":1241,"commits":1240,' +
      '"samples":79360,"seconds":62.346,"testAccuracy":0.9431,"testImages":10000,"trainImages":60000,' +
      `"modelHash":"${HASH}",` +
      '"bytesUp":12345678,"bytesDown":23456789,' +
      `"transports":[${devices.map(() => TRAVELLED).join()}],"audits":{"right":12,"wrong":1,"unclear":2,"seconds":0.25,"share":0.004},"stop":"target","saved":null,"checkpoint":null,"saveFailure":null}`,
  );
});

it('counts the devices of a server, and names what tried where nothing was applied', () => {
  const start = loadConfig('start', [], {});
  expect(summaryOf(ended, start, 60_000, HASH).tabs).toBe(4);
  const silent = snapshotOf({}, { devices: [deviceOf('webgpu', 0)] });
  expect(summaryOf(silent, start, 60_000, HASH).engines).toEqual(['webgpu']);
});

it('says the same in a few lines', () => {
  const text = summaryText(summaryOf(ended, demo, 60_000, HASH));
  expect(text.split('\n')).toHaveLength(6);
  for (const part of [
    'lenet',
    '94.31%',
    '10,000 test images',
    'reached its target accuracy',
    '1,240 commits',
    '12.3 MB up',
    `model ${HASH}`,
    'audits: 12 right, 1 wrong, 2 unclear, in 0.3 s',
  ]) {
    expect(text).toContain(part);
  }
  expect(summaryText(summaryOf(snapshotOf({ testAccuracy: null }), demo, 60_000, HASH))).toContain(
    'not measured',
  );
  expect(summaryText(summaryOf(ended, demo, 60_000, null)).split('\n')).toHaveLength(5);
});

describe('what is said of the last save', () => {
  const start = loadConfig('start', [], {});
  const savedAt = '2026-01-02T03:04:05.678Z';
  const said = (rest: Parameters<typeof snapshotOf>[1], config = start) => {
    const summary = summaryOf(
      snapshotOf({ state: 'stopped', stop: 'interrupted' }, rest),
      config,
      60_000,
      null,
    );
    const { saved, checkpoint, saveFailure } = summary;
    return { json: { saved, checkpoint, saveFailure }, lines: summaryText(summary).split('\n').slice(4) };
  };

  it('[RN6] is that the last version is saved', () => {
    expect(said({ checkpoint: { version: 1241, savedAt } })).toEqual({
      json: { saved: true, checkpoint: 1241, saveFailure: null },
      lines: ['  saved as version 1,241'],
    });
  });

  it('[RN17] is why it failed, and what the newest checkpoint is', () => {
    const checkpointFailure = { failedAt: savedAt, reason: 'no space left on device (ENOSPC)' };
    expect(said({ checkpoint: { version: 1200, savedAt }, checkpointFailure })).toEqual({
      json: { saved: false, checkpoint: 1200, saveFailure: 'no space left on device (ENOSPC)' },
      lines: [
        '  version 1,241 is NOT saved: no space left on device (ENOSPC)',
        '  the newest checkpoint is version 1,200',
      ],
    });
    expect(said({ checkpoint: null, checkpointFailure }).lines[1]).toBe('  there is no checkpoint');
    expect(said({ checkpoint: null }).json.saved).toBe(false);
  });

  it('[RN6] is nothing where nothing is to be kept: no commit, or a folder that goes with the demo', () => {
    const nothing = { json: { saved: null, checkpoint: null, saveFailure: null }, lines: [] };
    const none = summaryOf(snapshotOf({ version: 0 }), start, 60_000, null);
    expect([none.saved, none.checkpoint]).toEqual([null, null]);
    expect(said({ checkpoint: { version: 1240, savedAt } }, loadConfig('demo', [], {}))).toEqual(nothing);
  });
});
