import * as z from 'zod/mini';
import { AGGREGATION_NAMES, isCoordinate } from '../aggregation/rules.ts';
import { liveChanges } from '../liveSettings.ts';

const count = z.int().check(z.minimum(0));

/** How shards join the slices of the members: {@link ShardRule} as it travels. */
const shardRule = z.discriminatedUnion('shape', [
  z.strictObject({ shape: z.literal('weighing') }),
  z.strictObject({
    shape: z.literal('coordinate'),
    name: z.enum(AGGREGATION_NAMES.filter(isCoordinate)),
    settings: z.strictObject({ trim: z.number(), clipNorm: z.nullable(z.number()), bucket: z.int() }),
  }),
]);

/** The types of commit record and what each carries beside the version that it makes. */
export const RECORDS = {
  /** Updates of devices become part of the model. */
  update: z.strictObject({
    rule: shardRule,
    /** In the order in which they are added. A weight is a float32 number that the values are multiplied by first. */
    members: z.array(z.strictObject({ lease: count, weight: z.number() })),
  }),
  /** Settings of the run take other values; the parameters stay. */
  configure: z.strictObject({ changes: liveChanges }),
  /** The state that was marked at an earlier version comes back. */
  restore: z.strictObject({ of: count }),
} as const satisfies Record<string, z.ZodMiniObject>;
export type RecordType = keyof typeof RECORDS;
export const RECORD_TYPES = Object.keys(RECORDS) as RecordType[];

/** A commit record of one type. */
export type RecordOf<Type extends RecordType> = { type: Type; version: number } & z.infer<
  (typeof RECORDS)[Type]
>;

/** The only thing that changes parameters [CM1]; `version` is the one that it makes. */
export type CommitRecord = { [Type in RecordType]: RecordOf<Type> }[RecordType];

const schemaOf = (type: RecordType) =>
  z.strictObject({ type: z.literal(type), version: count, ...RECORDS[type].shape });

/** A commit record as it travels. The type says what the table says, which zod cannot follow through a map. */
export const commitRecord = z.union(RECORD_TYPES.map(schemaOf)) as z.ZodMiniType<CommitRecord>;
