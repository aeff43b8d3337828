import * as z from 'zod/mini';
import { adminSnapshot, measurement, type Measurement } from '../../shared/protocol/admin.ts';
import { deviceId } from '../../shared/protocol/messages.ts';
import { RUN_STATE_NAMES, STOP_REASON_NAMES } from '../../shared/protocol/runState.ts';
import { trustRecord } from '../../shared/protocol/trust.ts';
import type { LogOf } from './log.ts';
import type { TableOf } from './table.ts';

const count = z.int().check(z.minimum(0));
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** What is true of the store as a whole. */
const metaRow = z.strictObject({ name: z.literal('schema'), version: count });
export type KeptFact = z.infer<typeof metaRow>;
export const META_TABLE: TableOf<KeptFact> = {
  name: 'meta',
  schema: metaRow,
  key: ({ name }) => [name],
};

const id = z.string().check(z.regex(/^[0-9a-f]{12}$/));
const { settings } = adminSnapshot.shape;

/** What a run was begun to do. */
const jobRow = z.strictObject({
  job: id,
  /** A declaration, as the model language has it. */
  model: z.unknown(),
  dataset: z.string(),
  settings,
  /** ISO 8601. */
  madeAt: z.iso.datetime(),
});
export type KeptJob = z.infer<typeof jobRow>;
export const JOB_TABLE: TableOf<KeptJob> = { name: 'job', schema: jobRow, key: ({ job }) => [job] };

/** A run, as its next start has to find it. */
const runRow = z.strictObject({
  run: id,
  /** Goes up from one run of the store to the next. */
  number: count,
  job: id,
  /** In force, without secrets. */
  settings,
  state: z.enum(RUN_STATE_NAMES),
  stop: z.nullable(z.enum(STOP_REASON_NAMES)),
  /** Of its last start. */
  incarnation: z.nullable(z.string()),
  /** When that was; ISO 8601. */
  startedAt: z.iso.datetime(),
});
export type KeptRun = z.infer<typeof runRow>;
export const RUN_TABLE: TableOf<KeptRun> = { name: 'run', schema: runRow, key: ({ run }) => [run] };

const quality = {
  /** On all test images; null where this version was not measured. */
  measured: z.nullable(z.pick(measurement, { testAccuracy: true, testLoss: true })),
  /** It was measured, and was about as accurate as the best before it. */
  good: z.boolean(),
};
/** What is known of how good a checkpoint is. */
export type Quality = z.infer<z.ZodMiniObject<typeof quality>>;

/** A version of a run that can be gone back to; its state is a blob. */
const checkpointRow = z.strictObject({
  run: id,
  version: count,
  /** Of its commit records, those of updates. */
  updates: count,
  samples: count,
  seconds: z.number(),
  ...quality,
  /** The SHA-256 of the safetensors file. */
  blob: sha256,
  bytes: count,
  /** ISO 8601. */
  savedAt: z.iso.datetime(),
});
export type KeptCheckpoint = z.infer<typeof checkpointRow>;
export const CHECKPOINT_TABLE: TableOf<KeptCheckpoint> = {
  name: 'checkpoint',
  schema: checkpointRow,
  key: ({ run, version }) => [run, version],
};

/** At one a second, more than a day. */
export const MEASUREMENT_LOG: LogOf<Measurement> = {
  name: 'measurement',
  schema: measurement,
  keepAtMost: 100_000,
};

/** A device of this server, whatever it is connected to now. */
const deviceRow = z.strictObject({
  device: deviceId,
  /** ISO 8601. */
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  /** Its updates that became part of a model. */
  applied: count,
  /** Samples trained on in them. */
  samples: count,
  /** Its leases that ended without an update. */
  lost: count,
  /** Of those it was at fault for, since its last applied update. */
  faultsInRow: z._default(count, 0),
  /** Null: an earlier release wrote the row, which knew of no trust. */
  trust: z._default(z.nullable(trustRecord), null),
});
export type KeptDevice = z.infer<typeof deviceRow>;
export const DEVICE_TABLE: TableOf<KeptDevice> = {
  name: 'device',
  schema: deviceRow,
  key: ({ device }) => [device],
};

/** A secret that this server accepts, by its hash alone. */
const tokenRow = z.strictObject({
  kind: z.enum(['admin', 'session']),
  hash: sha256,
  /** ISO 8601. */
  madeAt: z.iso.datetime(),
});
export type KeptToken = z.infer<typeof tokenRow>;
export const TOKEN_TABLE: TableOf<KeptToken> = {
  name: 'token',
  schema: tokenRow,
  key: ({ kind, hash }) => [kind, hash],
};

/** What happened, when, and by whom. */
const eventRow = z.looseObject({
  type: z.string(),
  /** ISO 8601. */
  time: z.iso.datetime(),
  actor: z.string(),
});
export type KeptEvent = z.infer<typeof eventRow>;
export const EVENT_LOG: LogOf<KeptEvent> = { name: 'event', schema: eventRow, keepAtMost: 20_000 };
