import { TEST_PROFILE } from '../../shared/profile/testing/profile.ts';
import { expect, it } from 'vitest';
import { measured, reported, UNKNOWN } from '../../shared/profile/figure.ts';
import { DEVICE_STATES, type DeviceRow } from '../../shared/protocol/admin.ts';
import { COLUMNS, sortDevices, summarise } from './deviceColumns.ts';

const row = (device: string, state: DeviceRow['state']): DeviceRow => ({
  device,
  state,
  trust: {
    state: 'trusted',
    vouched: true,
    audits: { right: 0, wrong: 0, unclear: 0 },
    rightInRow: 0,
    wrongSinceTrusted: 0,
    faults: 0,
    doubt: 0,
    cause: null,
  },
  profile: {
    ...TEST_PROFILE,
    engine: { name: 'tfjs-webgl', detail: 'SwiftShader', software: true },
  },
  figures: {
    cores: reported(4),
    memoryGiB: UNKNOWN,
    battery: UNKNOWN,
    samplesPerSecond: measured(1234.5),
    roundTripMs: reported(2.25),
    downlink: UNKNOWN,
    uplink: measured(125_000),
    engines: [
      { engine: 'tfjs-webgl', samplesPerSecond: measured(617.25) },
      { engine: 'wasm', samplesPerSecond: reported(12_000) },
      { engine: 'webgpu', samplesPerSecond: UNKNOWN },
    ],
  },
  staleness: null,
  allocation: {
    device,
    role: 'train',
    batch: 4,
    localSteps: 120,
    workers: 2,
    engine: 'tfjs-webgl',
    unitMs: 50,
    dataShards: [3],
    why: ['480 samples in about 50 ms'],
  },
  applied: 12,
  samples: 3456,
  lost: 0,
  traffic: {
    newest: 'webrtc',
    socketio: { bytesUp: 24_000, bytesDown: 24_000 },
    webrtc: { bytesUp: 1_000_000, bytesDown: 2_000_000 },
  },
});

it('puts those that take part first and keeps the order among them', () => {
  const devices = DEVICE_STATES.toReversed().map((state, index) => row(String(index), state));
  expect(sortDevices(devices).map(({ state }) => state)).toEqual([
    'waiting',
    'working',
    'idle',
    'silent',
    'faulty',
    'left',
    'gone',
  ]);
  expect(summarise(devices)).toBe('3 taking part, 4 not');
  expect(summarise([])).toBe('0 taking part');
});

it('shows a row as text', () => {
  const shown = COLUMNS.map((column) => column.text(row('0123456789ab', 'working')));
  expect(shown).toEqual([
    '012345',
    'TensorFlow.js on WebGL',
    'Chrome 156 on Linux',
    'working',
    'trusted',
    '120 × 4 images',
    '1,235',
    '–',
    'data channel',
    '12',
    '3,456',
    '0',
  ]);
});

it('says what the plan has for a device, and why', () => {
  const allocation = COLUMNS.find(({ key }) => key === 'allocation');
  const device = row('0123456789ab', 'working');
  expect(allocation?.detail?.(device)).toBe('data shard 3; 2 workers; 480 samples in about 50 ms');
  if (device.allocation === null) throw new Error('it has one');
  device.allocation = { ...device.allocation, role: 'reserve', dataShards: [], workers: 0 };
  expect(allocation?.text(device)).toBe('none: in reserve');
  device.allocation = { ...device.allocation, role: 'probe', localSteps: null };
  expect(allocation?.text(device)).toBe('4 images, to be measured');
  device.allocation = null;
  expect([allocation?.text(device), allocation?.detail?.(device)]).toEqual(['–', '']);
});

it('says what a device is and how it is doing, each figure with whose word it is', () => {
  const agent = COLUMNS.find(({ key }) => key === 'agent');
  const device = row('0123456789ab', 'working');
  expect(agent?.title?.(device)).toBe(
    'Round trip 2.3 ms (reported); downlink unknown; uplink 125 kB/s (measured)',
  );
  const rate = COLUMNS.find(({ key }) => key === 'rate');
  expect(rate?.title?.(device)).toBe(
    'Of all its workers while they have work, from lease to update; waiting is left out. A worker: TensorFlow.js on WebGL 617 samples/s (measured); WebAssembly 12,000 samples/s (reported); WebGPU unknown',
  );
  device.figures = { ...device.figures, samplesPerSecond: UNKNOWN, engines: [] };
  expect([rate?.text(device), rate?.title?.(device)]).toEqual([
    '–',
    'Of all its workers while they have work, from lease to update; waiting is left out',
  ]);
  device.profile = {
    ...device.profile,
    formFactor: 'phone',
    memoryGiB: 8,
    workers: 3,
    labels: { room: 'lab' },
    conditions: {
      visibility: 'hidden',
      battery: { level: 0.3, charging: false },
      metered: true,
      roundTripMs: null,
      downlink: null,
    },
  };
  expect(agent?.detail?.(device)).toBe(
    'phone, 4 cores, 8 GiB, 3 workers, 30% battery, metered, hidden, room: lab',
  );
});

it('says what the tensors of a device travelled by, and how many bytes', () => {
  const traffic = COLUMNS.find(({ key }) => key === 'traffic');
  const device = row('0123456789ab', 'working');
  expect(traffic?.detail?.(device)).toBe('1.0 MB up, 2.0 MB down');
  expect(traffic?.title?.(device)).toBe('socket: 24 kB up, 24 kB down; data channel: 1.0 MB up, 2.0 MB down');
  device.traffic.newest = null;
  expect(traffic?.text(device)).toBe('–');
});

it('marks a GPU interface that runs in software, and not the CPU', () => {
  const engine = COLUMNS.find(({ key }) => key === 'engine');
  const device = row('0123456789ab', 'working');
  expect(engine?.chip?.(device)).toBe('software');
  device.profile.engine = { name: 'wasm', detail: 'SIMD', software: false };
  expect(engine?.chip?.(device)).toBe('');
  device.profile.engine = null;
  expect([engine?.text(device), engine?.chip?.(device), engine?.detail?.(device)]).toEqual([
    '–',
    '',
    'not loaded yet',
  ]);
});

it('[EN15] names the engines that were wrong or failed, with the reason', () => {
  const engine = COLUMNS.find(({ key }) => key === 'engine');
  const device = row('0123456789ab', 'working');
  expect(engine?.warning?.(device)).toBe('');
  const trial = { detail: '', software: false, samplesPerSecond: null };
  device.profile.trials = [
    { ...trial, name: 'wasm', verdict: 'right', reason: null },
    { ...trial, name: 'webgpu', verdict: 'wrong', reason: 'gradient of 0.conv2d.bias is off by 2.0' },
    { ...trial, name: 'tfjs-webgl', verdict: 'failed', reason: null },
  ];
  expect(engine?.warning?.(device)).toBe(
    'WebGPU gave a wrong answer: gradient of 0.conv2d.bias is off by 2.0; TensorFlow.js on WebGL failed',
  );
});
