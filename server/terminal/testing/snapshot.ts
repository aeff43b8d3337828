import { firstTrust } from '../../core/crowd/trust.ts';
import { measured, reported, UNKNOWN } from '../../../shared/profile/figure.ts';
import { TEST_PROFILE } from '../../../shared/profile/testing/profile.ts';
import type { EngineName } from '../../../shared/profile/profile.ts';
import { adminSnapshot, type AdminSnapshot } from '../../../shared/protocol/admin.ts';

/** A snapshot of a run that goes well, for the tests of what is made from one. */
export function snapshotOf(
  status: Partial<AdminSnapshot['status']> = {},
  rest: Partial<Omit<AdminSnapshot, 'status'>> = {},
): AdminSnapshot {
  return adminSnapshot.parse({
    run: '0000c0ffee00',
    incarnation: '00c0ffee',
    sequence: 0,
    status: {
      state: 'running',
      stop: null,
      model: 'lenet',
      version: 1241,
      updates: 1240,
      samples: 79_360,
      devices: 2,
      testAccuracy: 0.9431,
      testImages: 10_000,
      ...status,
    },
    settings: {},
    seconds: 62.3456,
    samplesPerSecond: 1880.4,
    commitsPerSecond: 29.1,
    bytesUp: 12_345_678,
    bytesDown: 23_456_789,
    devices: [],
    placement: {
      method: 'uniform',
      number: 0,
      origin: 'uniform',
      values: {},
      solver: 'not asked',
      roundMs: 0,
      roundOverheadMs: 0,
      tookMs: 0,
      waiting: [],
      constraints: [],
    },
    measurements: [],
    audits: null,
    checkpoint: null,
    checkpointFailure: null,
    ...rest,
  });
}

/** A row of the device table. */
export function deviceOf(engine: EngineName, applied: number): AdminSnapshot['devices'][number] {
  return {
    device: '0123456789ab',
    state: 'working',
    profile: {
      ...TEST_PROFILE,
      cores: 2,
      engine: { name: engine, detail: '', software: true },
    },
    figures: {
      cores: reported(2),
      memoryGiB: UNKNOWN,
      battery: UNKNOWN,
      samplesPerSecond: measured(940),
      roundTripMs: reported(2),
      downlink: UNKNOWN,
      uplink: UNKNOWN,
      engines: [{ engine, samplesPerSecond: measured(940) }],
    },
    staleness: 1,
    applied,
    samples: applied * 64,
    traffic: {
      newest: 'socketio',
      socketio: { bytesUp: 1000, bytesDown: 2000 },
      webrtc: { bytesUp: 0, bytesDown: 0 },
    },
    lost: 0,
    trust: firstTrust(false),
    allocation: null,
  };
}
