import * as z from 'zod/mini';
import { deviceId } from '../../shared/protocol/messages.ts';
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
