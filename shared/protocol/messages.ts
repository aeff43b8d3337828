import { RUN_STATE_NAMES, STOP_REASON_NAMES } from './runState.ts';
import * as z from 'zod/mini';
import { CODEC_NAMES } from '../codec/codecs.ts';
import { ARITHMETICS, capabilityProfile, conditions, engineReport } from '../profile/profile.ts';
import { OUTCOME_NAMES } from './outcomes.ts';

/*
 * The control messages: plain JSON, each checked on both sides. Tensors travel as one binary frame beside
 * them (frame.ts). Every client-to-server event takes an acknowledgement, and the acknowledgement is the answer.
 */

const count = z.int().check(z.minimum(0));
const hex = (digits: number) => z.string().check(z.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const outcome = z.enum(OUTCOME_NAMES);

/** What a unit asks for: the mean gradient of its batch, or what local steps took off the weights. */
export const UPDATE_KINDS = ['gradient', 'delta'] as const;
export type UpdateKind = (typeof UPDATE_KINDS)[number];

/** The public id of a device. */
export const deviceId = hex(12);

/** The durable id of a run: kept over restarts of the server, and never used for another run. */
export const runId = hex(12);

/** One life of a run's coordinator: 32 bits as hex, new at each start, so that nothing of before fits. */
export const incarnation = hex(8);

/** client -> coordinator `hello`. The version is checked before the rest, so that it alone is strict. */
export const helloVersion = z.object({ protocol: z.int() });
export const hello = z.strictObject({
  protocol: z.int(),
  /** The credential to join; empty where the server is open to all. */
  join: z.string().check(z.maxLength(128)),
  /** What a device that was here before shows to keep its id. */
  resume: z.optional(z.strictObject({ device: deviceId, token: hex(32) })),
  profile: capabilityProfile,
});
export type Hello = z.infer<typeof hello>;

/** An empty url means: the server that the page came from. */
const hostUrl = z.string();

/** Which shard host has each key range. */
export const shardMap = z.array(z.strictObject({ index: count, url: hostUrl, offset: count, length: count }));
export type ShardMap = z.infer<typeof shardMap>;

/** A STUN or TURN server, as RTCPeerConnection takes it. */
export const iceServer = z.strictObject({
  urls: z.string(),
  username: z.optional(z.string()),
  credential: z.optional(z.string()),
});
export type IceServer = z.infer<typeof iceServer>;

/** Data channels that the shard hosts answer offers for; `wanted`: train by them from the first unit on, if they open. */
export const dataChannelOffer = z.strictObject({
  wanted: z.boolean(),
  iceServers: z.array(iceServer),
  /** No message over them is larger, either way. */
  maxMessageBytes: z.int().check(z.minimum(1)),
});

/** The answer to `hello` where the outcome is OK: of the device and the server, whatever runs there are. */
export const welcome = z.strictObject({
  outcome: z.literal('OK'),
  device: deviceId,
  /** Secret: lets the device, and nobody else, resume under its id. */
  token: hex(32),
  /** Null where the shard hosts have none. */
  dataChannels: z.nullable(dataChannelOffer),
});
export type Welcome = z.infer<typeof welcome>;

/** coordinator -> client `run`: what a device has to know of a run, once a connection, before its first lease there. */
export const runDescription = z.strictObject({
  run: runId,
  incarnation,
  /** A ModelSpec; parsed by parseModelSpec. */
  model: z.unknown(),
  /** Name of the data set, and the hash in its manifest. */
  dataset: z.strictObject({ name: z.string(), hash: z.string() }),
  /** How units are to be computed; who cannot do that has no engine for this run. */
  arithmetic: z.enum(ARITHMETICS),
  /** In which updates of this run may travel. */
  codecs: z.array(z.enum(CODEC_NAMES)),
  /** The processes that have its shards, and what this device shows there, which is secret. */
  hosts: z.array(z.strictObject({ url: hostUrl, accessToken: hex(32) })),
  shards: shardMap,
});
export type RunDescription = z.infer<typeof runDescription>;

/** What every other answer is; `reason` names what was wrong. */
export const refusal = z.strictObject({ outcome, reason: z.optional(z.string()) });
export type Refusal = z.infer<typeof refusal>;
export const helloAnswer = z.union([welcome, refusal]);

/** The terms of a lease that shards check before they stage, and the server's MAC over them. */
export const leaseTerms = z.strictObject({
  lease: z.int().check(z.minimum(1)),
  device: deviceId,
  incarnation,
  baseVersion: count,
  kind: z.enum(UPDATE_KINDS),
  samples: count,
  /** Milliseconds on the coordinator's own clock, whose origin nobody else knows: `remainingMs` is for the device. */
  deadline: count,
  /** In which the update travels. */
  codec: z.enum(CODEC_NAMES),
});
export type LeaseTerms = z.infer<typeof leaseTerms>;

export const signedTerms = z.strictObject({ ...leaseTerms.shape, mac: hex(32) });
export type SignedTerms = z.infer<typeof signedTerms>;

/** What a unit may ask for at most: a device refuses more, which would occupy it forever. */
export const MAX_LOCAL_STEPS = 10_000;
export const MAX_BATCH = 4096;

/** Local steps of SGD, momentum beginning at zero in each unit. */
export const localTraining = z.strictObject({
  steps: z.int().check(z.minimum(1), z.maximum(MAX_LOCAL_STEPS)),
  lr: z.number().check(z.positive()),
  momentum: z.number().check(z.minimum(0), z.lt(1)),
});

/** What a worker is asked to compute. */
export const workUnit = z.strictObject({
  dataShard: z.strictObject({
    index: count,
    /** Path of the data shard on the server the page came from. */
    path: z.string().check(z.regex(/^\/data\/[0-9a-f]{32}\.bin$/)),
    samples: count,
  }),
  /** Of the first permutation of the order in which the data shard is visited; the next has the seed after it [UN1]. */
  seed: z.int().check(z.minimum(0), z.maximum(2 ** 32 - 1)),
  /** Where in that order the unit begins, in samples. */
  start: count,
  /** Images a gradient or a local step. */
  batch: z.int().check(z.minimum(1), z.maximum(MAX_BATCH)),
  /** The local steps whose delta is asked for; null asks for one gradient. */
  local: z.nullable(localTraining),
});
export type WorkUnit = z.infer<typeof workUnit>;

/** coordinator -> client `lease`. */
export const lease = z.strictObject({
  terms: signedTerms,
  unit: workUnit,
  /** Milliseconds left until the deadline when this was sent. */
  remainingMs: count,
});
export type Lease = z.infer<typeof lease>;

/** client -> coordinator `ready`: "I train with this, and have fewer leases than workers". */
export const ready = z.strictObject({
  /** Null: no engine works there, the trials say why, and it wants no work. */
  engine: z.nullable(engineReport),
  trials: capabilityProfile.shape.trials,
  workers: capabilityProfile.shape.workers,
  conditions,
});
export type Ready = z.infer<typeof ready>;
/** client -> coordinator `release`: "I cannot do this one". */
export const release = z.strictObject({ lease: count, reason: z.string().check(z.maxLength(200)) });
/** client -> coordinator `leave`: "No more work, please". */
export const leave = z.strictObject({});

/** client -> shard host, in the handshake of its namespace. */
export const hostAuth = z.strictObject({ device: deviceId, accessToken: hex(32) });
/** client -> shard host `signal`: a WebRTC offer, with all its candidates. */
export const signal = z.strictObject({ offer: z.string().check(z.maxLength(8192)) });
/** shard host -> client: the answer to `signal`, with all its candidates where the outcome is OK. */
export const signalAnswer = z.strictObject({
  outcome,
  reason: z.optional(z.string()),
  answer: z.optional(z.string()),
});

/** client -> shard host `pull`: the slices of all shards that the host has of the run. */
export const pull = z.strictObject({ incarnation, version: count });
/** client -> shard host `push`; the second argument is a pack of the slices of those shards. */
export const push = signedTerms;

const isBytes = (value: unknown) => value instanceof Uint8Array || value instanceof ArrayBuffer;

/** shard host -> client: the answer to `pull` and `push`; `weights` is a pack of all slices at exactly `version`. */
export const shardAnswer = z.strictObject({
  outcome,
  reason: z.optional(z.string()),
  first: z.optional(outcome),
  version: z.optional(count),
  weights: z.optional(z.custom<Uint8Array | ArrayBuffer>(isBytes)),
});
export type ShardAnswer = z.infer<typeof shardAnswer>;

/** coordinator -> client `status`: what a volunteer is shown of the run. All of it is the server's own word. */
export const runStatus = z.strictObject({
  state: z.enum(RUN_STATE_NAMES),
  stop: z.nullable(z.enum(STOP_REASON_NAMES)),
  model: z.string(),
  /** Commit records of any type. */
  version: count,
  /** Commit records that made updates part of the model: what `--max-commits` counts. */
  updates: count,
  samples: count,
  devices: count,
  /** On all test images, 0 to 1; null before the first evaluation. */
  testAccuracy: z.nullable(z.number()),
  testImages: count,
});
export type RunStatus = z.infer<typeof runStatus>;

/** coordinator -> client `reserve`: why the plan has no work for this device; null where it has again. */
export const reserve = z.strictObject({ why: z.nullable(z.string()) });

/** server -> client `closing`: sent before the server closes a connection. */
export const closing = refusal;

/** The events of the protocol, by name. `answer` takes the place of an acknowledgement that was not asked for. */
export const EVENTS = {
  answer: 'answer',
  hello: 'hello',
  ready: 'ready',
  release: 'release',
  leave: 'leave',
  run: 'run',
  lease: 'lease',
  status: 'status',
  reserve: 'reserve',
  pull: 'pull',
  push: 'push',
  signal: 'signal',
  closing: 'closing',
  snapshot: 'snapshot',
} as const;
