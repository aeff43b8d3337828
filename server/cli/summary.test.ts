import { expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { deviceOf, snapshotOf } from './testing/snapshot.ts';
import { summaryJson, summaryOf, summaryText } from './summary.ts';

const demo = loadConfig('demo', ['--model', 'lenet', '--shards', '2', '--tabs', '3'], {});
const TRAVELLED =
  '{"device":"0123456789ab","newest":"socketio","socketio":{"bytesUp":1000,"bytesDown":2000},"webrtc":{"bytesUp":0,"bytesDown":0}}';
const devices = [deviceOf('tfjs-webgl', 3), deviceOf('wasm', 5), deviceOf('wasm', 1), deviceOf('webgpu', 0)];
const ended = snapshotOf({ state: 'stopped', stop: 'target' }, { devices });

it('is one JSON line with its keys in order', () => {
  expect(summaryJson(summaryOf(ended, demo, 60_000))).toBe(
    '{"model":"lenet","mode":"sync","shards":2,"localSteps":120,"tabs":3,"nodeWorkers":0,"engines":["tfjs-webgl","wasm"],"commits":1240,' +
      '"samples":79360,"seconds":62.346,"testAccuracy":0.9431,"testImages":10000,"trainImages":60000,' +
      '"bytesUp":12345678,"bytesDown":23456789,' +
      `"transports":[${devices.map(() => TRAVELLED).join()}],"stop":"target"}`,
  );
});

it('counts the devices of a server, and names what tried where nothing was applied', () => {
  const start = loadConfig('start', [], {});
  expect(summaryOf(ended, start, 60_000).tabs).toBe(4);
  const silent = snapshotOf({}, { devices: [deviceOf('webgpu', 0)] });
  expect(summaryOf(silent, start, 60_000).engines).toEqual(['webgpu']);
});

it('says the same in a few lines', () => {
  const text = summaryText(summaryOf(ended, demo, 60_000));
  expect(text.split('\n')).toHaveLength(4);
  for (const part of [
    'lenet',
    '94.31%',
    '10,000 test images',
    'reached the target',
    '1,240 commits',
    '12.3 MB up',
  ]) {
    expect(text).toContain(part);
  }
  expect(summaryText(summaryOf(snapshotOf({ testAccuracy: null }), demo, 60_000))).toContain('not measured');
});
