import { z } from 'zod';
import { decodeFloat32, encodeFloat32 } from '../../shared/codec/float32.ts';
import { deviceTraffic } from '../../shared/protocol/admin.ts';
import { OUTCOME_NAMES } from '../../shared/protocol/outcomes.ts';
import { OPTIMIZER_NAMES, type OptimizerState } from '../core/shard/optimizer.ts';
import type { Evidence } from '../core/shard/evidence.ts';
import { commitRecord } from '../core/shard/records.ts';
import type { MarkedState, ShardInit, ShardSnapshot, SliceProducts } from '../core/shard/shardPort.ts';
import { decodeFloat64, encodeFloat64 } from './float64.ts';

/*
 * Everything that the coordinators of a server and a shard host in a process of its own send each other. Both are of one
 * server and know one secret; it is shown in a header of the handshake, before a single message is read. Messages keep
 * their order. Every one but the first names the run that it is of, by its incarnation.
 */

export const CONTROL_PATH = '/control';
export const SECRET_HEADER = 'x-tabswarm-shard-secret';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
/** Float32, little-endian. */
const optimizerState = z.strictObject({
  slots: z.record(z.string(), bytes),
  scalars: z.record(z.string(), z.number()),
});

const incarnation = z.string();
/** A shard of a run. */
const at = { incarnation, shard: z.int() };

/** A state of earlier, as it travels. */
const markedState = z.strictObject({
  version: z.int(),
  optimizer: z.enum(OPTIMIZER_NAMES),
  /** Float32, little-endian. */
  parameters: bytes,
  optimizerState,
});

const sliceProducts = z.strictObject({
  leases: z.array(z.int()),
  /** Float64, little-endian. */
  sums: bytes,
});

/** What each event of the link carries. */
const BODIES = {
  /** First, once on each connection. Acknowledged when devices can connect. */
  host: z.strictObject({
    /** Of this host, as the shard map has it. */
    url: z.string(),
    /** What the access tokens of devices are made with. */
    accessKey: bytes,
    /** Pages of these origins may connect. */
    origins: z.array(z.string()),
    /** Of a model, at most. */
    maxParameters: z.int(),
  }),
  /** A shard of a run. Acknowledged when it has its part of the model. */
  open: z.strictObject({
    incarnation,
    index: z.int(),
    ranges: z.array(z.strictObject({ offset: z.int(), length: z.int() })),
    /** What the leases of the incarnation are signed with. */
    key: bytes,
    version: z.int(),
    updates: z.int(),
    /** Float32, little-endian. */
    parameters: bytes,
    optimizer: z.strictObject({
      kind: z.enum(OPTIMIZER_NAMES),
      lr: z.number(),
      momentum: z.number(),
    }),
    average: z.nullable(z.int()),
    deviceMomentum: z.number(),
    products: z.boolean(),
    optimizerState: z.optional(optimizerState),
  }),
  /** All shards of one run here end, and no others. */
  close: z.strictObject({ incarnation }),
  commit: z.strictObject({ ...at, record: commitRecord }),
  refuse: z.strictObject({
    ...at,
    lease: z.int(),
    outcome: z.enum(OUTCOME_NAMES),
    version: z.nullable(z.int()),
  }),
  keep: z.strictObject({ ...at, lease: z.int() }),
  pin: z.strictObject({ ...at, lease: z.int(), version: z.int() }),
  keepEvidence: z.strictObject({ ...at, lease: z.int(), version: z.int() }),
  /** Acknowledged with what is kept, see {@link decodeEvidence}. */
  evidence: z.strictObject({ ...at, lease: z.int() }),
  dropEvidence: z.strictObject({ ...at, lease: z.int() }),
  mark: z.strictObject(at),
  /** Acknowledged when the state is there. */
  load: z.strictObject({ ...at, state: markedState }),
  keepMarks: z.strictObject({ ...at, versions: z.array(z.int()) }),
  /** Acknowledged with the state, see {@link decodeSnapshot}. */
  snapshot: z.strictObject(at),
  staged: z.strictObject({ ...at, lease: z.int(), squares: z.array(z.number()), products: sliceProducts }),
  rejected: z.strictObject({ ...at, lease: z.int(), outcome: z.enum(OUTCOME_NAMES) }),
  traffic: z.strictObject({
    incarnation,
    /** Of each of the run's shards here. */
    shards: z.array(z.strictObject({ shard: z.int(), bytesUp: z.number(), bytesDown: z.number() })),
    /** Of each device whose traffic with this run changed. */
    devices: z.array(
      z.tuple([z.string(), z.strictObject({ ...deviceTraffic.shape, uplink: z.nullable(z.number()) })]),
    ),
  }),
};

/** From the coordinator to the shard host. */
export type ToShard =
  | 'host'
  | 'open'
  | 'close'
  | 'commit'
  | 'refuse'
  | 'keep'
  | 'pin'
  | 'keepEvidence'
  | 'evidence'
  | 'dropEvidence'
  | 'mark'
  | 'load'
  | 'keepMarks'
  | 'snapshot';
/** From the shard host to the coordinator. */
export type ToCoordinator = Exclude<keyof typeof BODIES, ToShard>;
export type Body<Event extends keyof typeof BODIES> = z.infer<(typeof BODIES)[Event]>;

/** A handler for each event of one direction. */
export type Handlers<Event extends keyof typeof BODIES> = {
  [Name in Event]: (body: Body<Name>, acknowledge: (answer?: unknown) => void) => void;
};

/** What of a socket the link needs, at either end. */
interface LinkSocket {
  on(event: string, listener: (body: unknown, acknowledge?: (answer?: unknown) => void) => void): unknown;
}

/**
 * Reads what comes in and hands it to its handler.
 * @param failed is told of a message that cannot be read or handled: both ends are of one server, so one of them is
 *   at fault, and the connection is to end.
 */
export function listen<Event extends keyof typeof BODIES>(
  socket: LinkSocket,
  handlers: Handlers<Event>,
  failed: (error: unknown) => void,
): void {
  for (const event of Object.keys(handlers) as Event[]) {
    socket.on(event, (body, acknowledge) => {
      try {
        // Who asks for no acknowledgement gets none.
        const answer = typeof acknowledge === 'function' ? acknowledge : () => undefined;
        handlers[event](BODIES[event].parse(body) as Body<Event>, answer);
      } catch (error) {
        failed(error);
      }
    });
  }
}

/** What a shard is opened with, as it travels. */
export function encodeInit({ parameters, optimizerState, ...init }: ShardInit): Body<'open'> {
  const message = { ...init, parameters: encodeFloat32(parameters) };
  return optimizerState === undefined ? message : { ...message, optimizerState: encodeState(optimizerState) };
}

export function decodeInit({ parameters, optimizerState, ...init }: Body<'open'>): ShardInit {
  const decoded = { ...init, parameters: decodeFloat32(parameters) };
  if (optimizerState === undefined) return decoded;
  return { ...decoded, optimizerState: decodeState(optimizerState) };
}

const snapshot = z.strictObject({ version: z.int(), parameters: bytes, optimizerState });

export function encodeSnapshot({
  version,
  parameters,
  optimizerState,
}: ShardSnapshot): z.infer<typeof snapshot> {
  return { version, parameters: encodeFloat32(parameters), optimizerState: encodeState(optimizerState) };
}

/** @throws {z.ZodError} where the answer is no snapshot. */
export function decodeSnapshot(answer: unknown): ShardSnapshot {
  const { version, parameters, optimizerState } = snapshot.parse(answer);
  return { version, parameters: decodeFloat32(parameters), optimizerState: decodeState(optimizerState) };
}

/** Float32, little-endian; null where nothing is kept. */
const keptEvidence = z.nullable(z.strictObject({ base: bytes, update: bytes }));

export function encodeEvidence(evidence: Evidence | null): z.infer<typeof keptEvidence> {
  if (evidence === null) return null;
  return { base: encodeFloat32(evidence.base), update: encodeFloat32(evidence.update) };
}

/** @throws {z.ZodError} where the answer is no evidence. */
export function decodeEvidence(answer: unknown): Evidence | null {
  const evidence = keptEvidence.parse(answer);
  if (evidence === null) return null;
  return { base: decodeFloat32(evidence.base), update: decodeFloat32(evidence.update) };
}

export function encodeMark({ optimizer, ...state }: MarkedState): z.infer<typeof markedState> {
  return { optimizer, ...encodeSnapshot(state) };
}

export function decodeMark({ optimizer, ...state }: z.infer<typeof markedState>): MarkedState {
  return { optimizer, ...decodeSnapshot(state) };
}

/** Inner products as they travel: as bytes, for there may be thousands. */
export function encodeProducts({ leases, sums }: SliceProducts): z.infer<typeof sliceProducts> {
  return { leases, sums: encodeFloat64(sums) };
}

/** @throws {RangeError} where they are not whole numbers of float64. */
export function decodeProducts({ leases, sums }: z.infer<typeof sliceProducts>): SliceProducts {
  return { leases, sums: decodeFloat64(sums) };
}

function encodeState({ slots, scalars }: OptimizerState): z.infer<typeof optimizerState> {
  return { slots: mapValues(slots, encodeFloat32), scalars };
}

function decodeState({ slots, scalars }: z.infer<typeof optimizerState>): OptimizerState {
  return { slots: mapValues(slots, decodeFloat32), scalars };
}

/** The same record with each value turned into another. */
export function mapValues<From, To>(
  record: Record<string, From>,
  turn: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, turn(value)]));
}
