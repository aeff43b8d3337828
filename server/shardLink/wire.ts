import { z } from 'zod';
import { deviceTraffic } from '../../shared/protocol/admin.ts';
import { OPTIMIZER_NAMES } from '../core/shard/optimizer.ts';
import { OUTCOME_NAMES } from '../../shared/protocol/outcomes.ts';

/*
 * What a coordinator and a shard in a process of its own say to each other. Both are ours and know one secret;
 * it is shown in a header of the handshake, before a single message is read. Messages keep their order.
 */

export const CONTROL_PATH = '/control';
export const SECRET_HEADER = 'x-tabswarm-shard-secret';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const slots = z.record(z.string(), bytes);
const scalars = z.record(z.string(), z.number());

/** coordinator -> shard `open`: begin, or begin anew; the last opening counts. */
export const controlInit = z.strictObject({
  index: z.int(),
  ranges: z.array(z.strictObject({ offset: z.int(), length: z.int() })),
  run: z.string(),
  key: bytes,
  version: z.int(),
  /** Float32, little-endian, as are the slots. */
  parameters: bytes,
  optimizer: z.strictObject({
    kind: z.enum(OPTIMIZER_NAMES),
    lr: z.number(),
    momentum: z.number(),
  }),
  average: z.nullable(z.int()),
  optimizerState: z.optional(z.strictObject({ slots, scalars })),
  /** Pages of these origins may connect. */
  origins: z.array(z.string()),
});
export type ControlInit = z.infer<typeof controlInit>;

export const controlCommit = z.strictObject({
  version: z.int(),
  members: z.array(z.strictObject({ lease: z.int(), weight: z.number() })),
});
export const controlRefusal = z.strictObject({
  lease: z.int(),
  outcome: z.enum(OUTCOME_NAMES),
  version: z.nullable(z.int()),
});
export const controlKeep = z.strictObject({ lease: z.int() });
export const controlPin = z.strictObject({ lease: z.int(), version: z.int() });

/** shard -> coordinator. */
export const controlStaged = z.strictObject({ lease: z.int(), squares: z.array(z.number()) });
export const controlRejected = z.strictObject({ lease: z.int(), outcome: z.enum(OUTCOME_NAMES) });
const meteredTraffic = z.strictObject({ ...deviceTraffic.shape, uplink: z.nullable(z.number()) });
export const controlTraffic = z.strictObject({
  bytesUp: z.number(),
  bytesDown: z.number(),
  /** Of each device whose traffic changed. */
  devices: z.array(z.tuple([z.string(), meteredTraffic])),
});
export type ControlTraffic = z.infer<typeof controlTraffic>;

/** The answer to `snapshot`. */
export const controlSnapshot = z.strictObject({
  version: z.int(),
  parameters: bytes,
  optimizerState: z.strictObject({ slots, scalars }),
});
