import * as z from 'zod/mini';
import { figure } from '../profile/figure.ts';
import { capabilityProfile } from '../profile/profile.ts';
import type { DeviceAction } from './deviceActions.ts';
import { auditReport } from './audits.ts';
import { deviceId, incarnation, runId, runStatus } from './messages.ts';
import { placementInForce, allocationReport } from './placement.ts';
import type { RunAction } from './runActions.ts';
import { trustRecord } from './trust.ts';

/* What the admin's routes answer and its socket sends: one snapshot type for both. */

const count = z.int().check(z.minimum(0));

/** One measurement by the server on all test images. */
export const measurement = z.strictObject({
  version: count,
  samples: count,
  /** Seconds since the first lease of the run. */
  seconds: z.number(),
  testAccuracy: z.number(),
  /** Mean cross-entropy over the test images. */
  testLoss: z.number(),
});
export type Measurement = z.infer<typeof measurement>;

/** How tensors travel between a device and the shards. */
export const TRANSPORT_NAMES = ['socketio', 'webrtc'] as const;
export type TransportName = (typeof TRANSPORT_NAMES)[number];

const bytes = z.strictObject({ bytesUp: count, bytesDown: count });

/** Bytes of tensors, without headers, as the server counted them. */
export const deviceTraffic = z.strictObject({
  /** What the last of them came or went by; null before the first. */
  newest: z.nullable(z.enum(TRANSPORT_NAMES)),
  socketio: bytes,
  webrtc: bytes,
});
export type DeviceTraffic = z.infer<typeof deviceTraffic>;

export const DEVICE_STATES = ['idle', 'working', 'waiting', 'silent', 'faulty', 'left', 'gone'] as const;

/** What is known of how much a device can do, each figure with whose word it is. */
export const deviceFigures = z.strictObject({
  cores: figure,
  memoryGiB: figure,
  /** Of the battery's charge, 0 to 1. */
  battery: figure,
  /** Of all its workers, from lease to push. */
  samplesPerSecond: figure,
  /** From asking the server to its answer. */
  roundTripMs: figure,
  /** Bytes a second of the last data shards that it fetched. */
  downlink: figure,
  /** Bytes a second at which its updates come in. */
  uplink: figure,
  /** Of one worker with each engine on the run's model: measured at work, or as the device timed it. */
  engines: z.array(z.strictObject({ engine: z.string(), samplesPerSecond: figure })),
});
export type DeviceFigures = z.infer<typeof deviceFigures>;

/** A row of the device table. */
export const deviceRow = z.strictObject({
  device: deviceId,
  /**
   * idle: ready, no lease; working: has a lease; waiting: pushed, not decided; silent: has yet to ask for work,
   * after joining or after a lease that came to nothing;
   * faulty: set aside for bad updates or expired leases; left: the person stopped; gone: the connection ended.
   */
  state: z.enum(DEVICE_STATES),
  /** How far it is trusted, and the evidence. */
  trust: trustRecord,
  profile: capabilityProfile,
  figures: deviceFigures,
  /** Of the last update, in versions; null before the first. */
  staleness: z.nullable(count),
  applied: count,
  samples: count,
  /** Updates and leases that came to nothing: refused, expired or released. */
  lost: count,
  traffic: deviceTraffic,
  /** What the plan in force has for it; null where its connection ended. */
  allocation: z.nullable(allocationReport),
});
export type DeviceRow = z.infer<typeof deviceRow>;

/** server -> admin `snapshot`, and GET /api/v1/runs/:id. */
export const adminSnapshot = z.strictObject({
  run: runId,
  incarnation,
  /** Of two snapshots of one incarnation the one with the higher number is the newer. */
  sequence: count,
  status: runStatus,
  /** The run's settings as the command line has them. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  seconds: z.number(),
  samplesPerSecond: z.number(),
  commitsPerSecond: z.number(),
  bytesUp: count,
  bytesDown: count,
  devices: z.array(deviceRow),
  placement: z.strictObject(placementInForce),
  measurements: z.array(measurement),
  /** Null where nothing is audited. */
  audits: z.nullable(auditReport),
  /** Version and time of the newest checkpoint, or null. */
  checkpoint: z.nullable(z.strictObject({ version: count, savedAt: z.string() })),
  /** Why the last save failed, and when; null once one was done. */
  checkpointFailure: z.nullable(z.strictObject({ failedAt: z.string(), reason: z.string() })),
});
export type AdminSnapshot = z.infer<typeof adminSnapshot>;

/** A version that the run can be rolled back to. */
export const keptVersion = z.strictObject({
  version: count,
  /** Commits until then. */
  updates: count,
  samples: count,
  /** On all test images; null where this version was not measured. */
  testAccuracy: z.nullable(z.number()),
  /** It was measured, and was about as accurate as the best before it. */
  good: z.boolean(),
  /** When its checkpoint was saved, ISO 8601; null where the shards alone keep it. */
  savedAt: z.nullable(z.string()),
});
export type KeptVersion = z.infer<typeof keptVersion>;

/** GET /api/v1/runs/:id/checkpoints, newest first. */
export const keptVersionList = z.strictObject({ versions: z.array(keptVersion) });

/** Paths of the HTTP API. */
export const API = {
  session: '/api/v1/admin/session',
  reach: '/api/v1/reach',
  run: (run: string) => `/api/v1/runs/${run}`,
  checkpoints: (run: string) => `/api/v1/runs/${run}/checkpoints`,
  placement: (run: string) => `/api/v1/runs/${run}/placement`,
  events: (run: string) => `/api/v1/runs/${run}/events`,
  deviceAction: (run: string, device: string, action: DeviceAction) =>
    `/api/v1/runs/${run}/devices/${device}/${action}`,
  action: (run: string, action: RunAction) => `/api/v1/runs/${run}/${action}`,
} as const;

/**
 * POST /api/v1/admin/session: trades the printed token for a cookie, which is sent below `path` alone: that of the
 * base at which a proxy has the server.
 */
export const sessionRequest = z.strictObject({
  token: z.string().check(z.maxLength(128)),
  path: z.optional(z.string().check(z.maxLength(1024), z.regex(/^\/(?:[\w.~%!$&'()*+=:@-]+\/)*$/))),
});
export type SessionRequest = z.infer<typeof sessionRequest>;

/** POST /api/v1/reach, by a page that cannot connect: what the server makes of the address that the page is at. */
export const reachReport = z.strictObject({
  /** Whether sockets of this page are let in. */
  accepted: z.boolean(),
  /** The host that the server was asked for. */
  host: z.string(),
});
export type ReachReport = z.infer<typeof reachReport>;
