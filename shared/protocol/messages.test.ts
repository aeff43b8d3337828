import { describe, expect, it } from 'vitest';
import type * as z from 'zod/mini';
import { UNKNOWN_CONDITIONS } from '../profile/profile.ts';
import { TEST_PROFILE } from '../profile/testing/profile.ts';
import * as m from './messages.ts';

const engine = { name: 'webgpu' as const, detail: 'apple m1', software: false };
const trial = { ...engine, verdict: 'wrong' as const, reason: 'off by 2', samplesPerSecond: null };
const profile = {
  ...TEST_PROFILE,
  cores: 8,
  engine,
  trials: [trial],
  workers: 4,
};
const manyLabels = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`a${index}`, 'b']));
const device = '0123456789ab';
const token = 'a'.repeat(32);
const accessToken = 'b'.repeat(32);
const incarnation = '89abcdef';
const hello: m.Hello = { protocol: 2, join: '', profile: { ...profile, engine: null } };
const shard = { index: 0, url: '', offset: 0, length: 1960 };
const welcome: m.Welcome = {
  outcome: 'OK',
  device,
  token,
  dataChannels: null,
};
const runDescription: m.RunDescription = {
  run: 'fedcba987654',
  incarnation,
  model: { name: 'x' },
  dataset: { name: 'mnist', hash: 'e'.repeat(64) },
  arithmetic: 'strict',
  codecs: ['float32'],
  hosts: [{ url: '', accessToken }],
  shards: [shard],
};
const iceServer = { urls: 'turn:a', username: 'me', credential: 'secret' };
const terms: m.LeaseTerms = {
  lease: 1,
  device,
  incarnation,
  baseVersion: 0,
  kind: 'gradient',
  samples: 32,
  deadline: 5,
  codec: 'float32',
};
const signed: m.SignedTerms = { ...terms, mac: 'c'.repeat(32) };
const dataShard = { index: 3, path: `/data/${'d'.repeat(32)}.bin`, samples: 1000 };
const unit: m.WorkUnit = {
  dataShard,
  seed: 4_294_967_295,
  start: 0,
  batch: 32,
  local: null,
};
const lease: m.Lease = { terms: signed, unit, remainingMs: 15_000 };
const answer: m.ShardAnswer = {
  outcome: 'DUPLICATE',
  first: 'APPLIED',
  version: 2,
  weights: new Uint8Array(4),
};
const status: m.RunStatus = {
  state: 'running',
  stop: null,
  model: 'lenet',
  version: 0,
  updates: 0,
  samples: 0,
  devices: 1,
  testAccuracy: null,
  testImages: 10_000,
};

const asked = { engine, trials: [], workers: 1, conditions: UNKNOWN_CONDITIONS };
const measured = {
  visibility: 'hidden',
  battery: { level: 0.4, charging: false },
  metered: true,
  roundTripMs: 12.5,
  downlink: 2e6,
};

interface Case {
  schema: z.ZodMiniType;
  /** Messages as their types have them. */
  good: object[];
  /** The first of `good` with one field made wrong. */
  wrong: object[];
}

const CASES: Record<string, Case> = {
  hello: {
    schema: m.hello,
    good: [hello, { ...hello, join: 'x'.repeat(128), resume: { device, token }, profile }],
    wrong: [
      { join: undefined },
      { join: 'x'.repeat(129) },
      { resume: { device } },
      { resume: { device, token: token.toUpperCase() } },
      { resume: { device: '../../etc/pw', token } },
      { profile: { ...profile, cores: 0 } },
      { profile: { ...profile, cores: 1.5 } },
      { profile: { ...profile, agent: 'x'.repeat(121) } },
      { profile: { ...profile, engine: { ...engine, name: 'cuda' } } },
      { profile: { ...profile, engine: { ...engine, detail: 'x'.repeat(201) } } },
      { profile: { ...profile, gpu: 'x' } },
      { profile: { ...profile, version: 2 } },
      ...[{ cores: 10_000 }, { memoryGiB: -4 }, { memoryGiB: 1e30 }, { formFactor: 'watch' }].map(
        (absurd) => ({
          profile: { ...profile, ...absurd },
        }),
      ),
      ...[{ a: '' }, { 'no spaces': 'x' }, { a: 5 }, manyLabels].map((labels) => ({
        profile: { ...profile, labels },
      })),
    ],
  },
  welcome: {
    schema: m.welcome,
    good: [
      welcome,
      { ...welcome, dataChannels: { wanted: true, iceServers: [], maxMessageBytes: 1 } },
      {
        ...welcome,
        dataChannels: {
          wanted: false,
          iceServers: [iceServer, { urls: 'stun:a' }],
          maxMessageBytes: 2 ** 31,
        },
      },
    ],
    wrong: [
      { outcome: 'FULL' },
      { token: 'a'.repeat(31) },
      { dataChannels: { wanted: true } },
      { dataChannels: { wanted: true, iceServers: [], maxMessageBytes: 0 } },
      { dataChannels: { wanted: true, iceServers: [], maxMessageBytes: 1, more: 1 } },
      { dataChannels: { wanted: true, iceServers: [{ ...iceServer, more: 1 }], maxMessageBytes: 1 } },
      { dataChannels: { wanted: true, iceServers: [{ username: 'me' }], maxMessageBytes: 1 } },
    ],
  },
  run: {
    schema: m.runDescription,
    good: [runDescription, { ...runDescription, codecs: ['float32', 'float16'], hosts: [], shards: [] }],
    wrong: [
      { run: '89abcdef' },
      { run: 'FEDCBA987654' },
      { incarnation: '89ABCDEF' },
      { incarnation: 'fedcba987654' },
      { arithmetic: 'exact' },
      { dataset: { name: 'mnist' } },
      { codecs: ['int8'] },
      { hosts: [{ url: '', accessToken: '' }] },
      { hosts: [{ url: '', accessToken: 'b'.repeat(33) }] },
      { shards: [{ ...shard, offset: -1 }] },
      { shards: [{ ...shard, more: 1 }] },
    ],
  },
  refusal: {
    schema: m.refusal,
    good: [{ outcome: 'FULL' }, { outcome: 'REFUSED', reason: 'no' }],
    wrong: [{ outcome: 'NOPE' }, { reason: 5 }],
  },
  signedTerms: {
    schema: m.signedTerms,
    good: [signed],
    wrong: [
      ...[{ lease: 0 }, { lease: 2 ** 53 }, { device: 'x' }, { baseVersion: -1 }, { baseVersion: 0.5 }],
      ...[
        { kind: 'weights' },
        { samples: NaN },
        { deadline: Infinity },
        { deadline: '5' },
        { codec: 'int8' },
        { codec: undefined },
        { mac: 'c'.repeat(31) },
      ],
    ],
  },
  workUnit: {
    schema: m.workUnit,
    good: [
      unit,
      { ...unit, start: Number.MAX_SAFE_INTEGER },
      { ...unit, local: { steps: 50, lr: 0.1, momentum: 0 } },
    ],
    wrong: [
      { dataShard: { ...dataShard, path: '/data/../secret' } },
      { dataShard: { ...dataShard, path: `https://elsewhere.example/data/${'d'.repeat(32)}.bin` } },
      ...[{ seed: -1 }, { seed: 2 ** 32 }, { start: -1 }, { start: 0.5 }, { start: 2 ** 53 }],
      ...[{ start: undefined }, { batch: 0 }, { local: undefined }],
      ...[{ steps: 0 }, { steps: 1.5 }, { lr: 0 }, { lr: Infinity }, { momentum: 1 }, { momentum: -0.1 }].map(
        (change) => ({ local: { steps: 2, lr: 0.1, momentum: 0, ...change } }),
      ),
    ],
  },
  lease: { schema: m.lease, good: [lease], wrong: [{ terms }, { unit: {} }, { remainingMs: -1 }] },
  ready: {
    schema: m.ready,
    good: [{ engine, trials: [trial], workers: 4, conditions: measured }, asked, { ...asked, engine: null }],
    wrong: [
      ...[{ engine: undefined }, { workers: 0 }, { workers: 10_000 }, { trials: undefined }],
      ...[{ trials: Array(17).fill(trial) }, { trials: [{ ...trial, verdict: 'fine' }] }],
      ...[{ roundTripMs: -1 }, { downlink: 1e30 }, { metered: 1 }, { visibility: 'seen' }].map((absurd) => ({
        conditions: { ...measured, ...absurd },
      })),
      ...[{ level: 1.5, charging: true }, { level: NaN, charging: true }, { level: 1 }].map((battery) => ({
        conditions: { ...measured, battery },
      })),
      ...[1e30, -1, NaN].map((samplesPerSecond) => ({ trials: [{ ...trial, samplesPerSecond }] })),
    ],
  },
  release: {
    schema: m.release,
    good: [{ lease: 1, reason: 'x'.repeat(200) }],
    wrong: [{ reason: 'x'.repeat(201) }, { lease: '1' }],
  },
  leave: { schema: m.leave, good: [{}], wrong: [] },
  hostAuth: {
    schema: m.hostAuth,
    good: [{ device, accessToken }],
    wrong: [{ accessToken: undefined }, { device: null }],
  },
  signal: {
    schema: m.signal,
    good: [{ offer: 'x'.repeat(8192) }],
    wrong: [{ offer: 'x'.repeat(8193) }, { offer: 7 }],
  },
  signalAnswer: {
    schema: m.signalAnswer,
    good: [
      { outcome: 'OK', answer: 'v=0' },
      { outcome: 'BUSY', reason: 'more than 16 offers' },
    ],
    wrong: [{ outcome: 'FINE' }, { answer: 7 }, { reason: 7 }],
  },
  pull: {
    schema: m.pull,
    good: [{ incarnation, version: 0 }],
    wrong: [
      { version: -1 },
      { version: null },
      { version: 0.1 },
      { incarnation: 'x' },
      { incarnation: undefined },
    ],
  },
  shardAnswer: {
    schema: m.shardAnswer,
    good: [answer, { outcome: 'EXPIRED' }, { ...answer, weights: new ArrayBuffer(4) }],
    wrong: [{ weights: [1, 2] }, { weights: 'bytes' }, { first: 'LAST' }, { version: -1 }],
  },
  runStatus: {
    schema: m.runStatus,
    good: [status, { ...status, state: 'stopped', stop: 'target', testAccuracy: 0.95 }],
    wrong: [{ state: 'done' }, { stop: 'bored' }, { testAccuracy: undefined }, { devices: -1 }],
  },
};

describe.each(Object.entries(CASES))('%s', (_name, { schema, good, wrong }) => {
  it('[PR4] is taken as its type has it', () => {
    for (const message of good) expect(schema.parse(message)).toEqual(message);
  });

  it('[PR4] is refused with any field wrong', () => {
    for (const field of wrong) {
      expect(schema.safeParse({ ...good[0], ...field }).success, JSON.stringify(field)).toBe(false);
    }
  });

  it('[PR4] is refused with a field that nobody knows, or as no object at all', () => {
    expect(schema.safeParse({ ...good[0], extra: 1 }).success).toBe(false);
    for (const other of [undefined, null, 7, 'text', [good[0]]])
      expect(schema.safeParse(other).success).toBe(false);
  });
});

describe('a work unit', () => {
  it('[UN5] asks for no more than a device can be held up by', () => {
    const local = { steps: m.MAX_LOCAL_STEPS, lr: 0.1, momentum: 0 };
    const most = { ...unit, batch: m.MAX_BATCH, local };
    expect(m.workUnit.safeParse(most).success).toBe(true);
    expect(m.workUnit.safeParse({ ...most, batch: m.MAX_BATCH + 1 }).success).toBe(false);
    const more = { ...local, steps: m.MAX_LOCAL_STEPS + 1 };
    expect(m.workUnit.safeParse({ ...most, local: more }).success).toBe(false);
  });
});

describe('the answer to hello', () => {
  it('[PR1] is a welcome or a refusal, and the two are told apart', () => {
    expect(m.helloAnswer.parse(welcome)).toEqual(welcome);
    expect(m.helloAnswer.parse({ outcome: 'FULL' })).toEqual({ outcome: 'FULL' });
    expect(m.helloAnswer.safeParse({ ...welcome, token: undefined }).success).toBe(false);
  });
});

describe('the version of hello', () => {
  it('[PR2] is read whatever else the message of another version has', () => {
    expect(m.helloVersion.parse({ protocol: 2, something: 'new' })).toEqual({ protocol: 2 });
    expect(m.helloVersion.safeParse({ protocol: '1' }).success).toBe(false);
  });
});

describe('the names of the events', () => {
  it('[PR4] are all different', () => {
    expect(new Set(Object.values(m.EVENTS)).size).toBe(Object.keys(m.EVENTS).length);
  });

  it('are this closed set: one that is added is handled by the gateways and the transports', () => {
    expect(Object.keys(m.EVENTS)).toEqual([
      'answer',
      'hello',
      'ready',
      'release',
      'leave',
      'run',
      'lease',
      'status',
      'reserve',
      'pull',
      'push',
      'signal',
      'closing',
      'snapshot',
    ]);
  });
});
