import * as z from 'zod/mini';
import { ENGINES, FORM_FACTOR_NAMES, MAX_LABELS, MAX_WORKERS, deviceLabels } from '../profile/profile.ts';
import { choice, described, fields, integer } from '../text/schema.ts';
import type { HttpError } from './httpErrors.ts';
import { deviceId, MAX_BATCH, MAX_LOCAL_STEPS } from './messages.ts';

/* Placement from outside: what POST /api/v1/runs/:id/placement takes and GET gives. */

const count = z.int().check(z.minimum(0));

/** Devices by what they are; all that is named has to hold. */
export const selector = fields('a selector', {
  labels: z.optional(described(deviceLabels, `at most ${MAX_LABELS} labels, each a name and a value`)),
  formFactor: z.optional(choice(FORM_FACTOR_NAMES)),
  engine: z.optional(choice(ENGINES)),
});
export type Selector = z.infer<typeof selector>;
/** What a selector may name. */
export const SELECTOR_FIELDS = Object.keys(selector.shape);

/** What becomes of pinned data shards while no device that they are for is here. */
export const AFFINITIES = {
  /** They wait. */
  hard: { waits: true },
  /** They go to others. */
  soft: { waits: false },
} as const satisfies Record<string, { waits: boolean }>;
type Affinity = keyof typeof AFFINITIES;
const AFFINITY_NAMES = Object.keys(AFFINITIES) as Affinity[];

/** What a device is there for in a plan. */
export const ROLES = {
  /** By the plan. */
  train: { works: true },
  /** Not measured yet. */
  probe: { works: true },
  reserve: { works: false },
} as const satisfies Record<string, { works: boolean }>;
export type Role = keyof typeof ROLES;
const ROLE_NAMES = Object.keys(ROLES) as Role[];
/** Roles that a device may be told to have. */
const ASSIGNED_ROLES = ['train', 'reserve'] as const satisfies readonly Role[];

const MAX_CONSTRAINTS = 1024;
const CONSTRAINTS = `a list of at most ${MAX_CONSTRAINTS} constraints`;
const DATA_SHARDS = 'a list of at most 4096 indices of data shards';

/** One constraint: for a device, or for all that a selector matches. */
export const placementConstraint = fields('a constraint', {
  device: z.optional(described(deviceId, 'the id of a device: 12 hexadecimal digits')),
  selector: z.optional(selector),
  affinity: z._default(choice(AFFINITY_NAMES), 'hard'),
  /** Indices of data shards that these devices train on, and no others. */
  dataShards: z._default(described(z.array(count).check(z.maxLength(4096)), DATA_SHARDS), []),
  /** reserve: no work. */
  role: z._default(choice(ASSIGNED_ROLES), 'train'),
  batch: z.optional(integer(1, MAX_BATCH)),
  localSteps: z.optional(integer(1, MAX_LOCAL_STEPS)),
  workers: z.optional(integer(1, MAX_WORKERS)),
});
export type PlacementConstraint = z.infer<typeof placementConstraint>;

/** All constraints in force from now on, in place of those before; none leaves everything to the planner. */
export const placementRequest = fields('a placement', {
  constraints: z
    .array(placementConstraint, { error: CONSTRAINTS })
    .check(z.maxLength(MAX_CONSTRAINTS, CONSTRAINTS)),
});

/** Why a placement was not taken; the plan in force is what it was. */
export type PlacementError = Extract<
  HttpError,
  | 'MALFORMED'
  | 'UNKNOWN_SELECTOR'
  | 'UNKNOWN_DEVICE'
  | 'UNKNOWN_DATA_SHARD'
  | 'NO_MATCH'
  | 'CONFLICT'
  | 'IMPOSSIBLE'
>;

interface MethodTraits {
  /** How work is shared out, as the help says it. */
  help: string;
  /** Devices are asked for different things. */
  differs: boolean;
  /** The same unit for everyone is kept in rounds where a plan is hardly better. */
  keepsDefaultUnits: boolean;
  /** Why no run of it is repeatable [RN8]; null where one may be. */
  notRepeatable: string | null;
}

const BY_PACE = 'its plans follow from how fast devices happen to be';

/** How plans are made, as `--placement` names it. */
export const PLACEMENT_METHODS = {
  ilp: {
    help: 'by an integer program over what each device can do',
    differs: true,
    keepsDefaultUnits: true,
    notRepeatable: BY_PACE,
  },
  greedy: {
    help: 'in proportion to pace',
    differs: true,
    keepsDefaultUnits: false,
    notRepeatable: BY_PACE,
  },
  uniform: {
    help: 'the same for all',
    differs: false,
    keepsDefaultUnits: false,
    notRepeatable: null,
  },
} as const satisfies Record<string, MethodTraits>;
export type PlacementMethod = keyof typeof PLACEMENT_METHODS;
export const PLACEMENT_METHOD_NAMES = Object.keys(PLACEMENT_METHODS) as PlacementMethod[];

/** Ways that a plan may have come about, the plainest first. */
export const PLAN_ORIGINS = ['uniform', 'greedy', 'sweep', 'ilp', 'time box'] as const;
export type PlanOrigin = (typeof PLAN_ORIGINS)[number];

/** What one device gets. */
export const allocationReport = z.strictObject({
  device: deviceId,
  /** train: works by the plan; probe: not measured yet; reserve: no work. */
  role: z.enum(ROLE_NAMES),
  batch: count,
  /** Local steps a unit; null: a gradient. */
  localSteps: z.nullable(count),
  workers: count,
  /** What it trains with, by its own choice among those that gave the known answer; null before. */
  engine: z.nullable(z.string()),
  /** Expected, from lease to complete update; null before it is measured. */
  unitMs: z.nullable(z.number()),
  /** Indices. */
  dataShards: z.array(count),
  why: z.array(z.string()),
});
export type AllocationReport = z.infer<typeof allocationReport>;

/** The plan in force, apart from the devices. */
export const placementInForce = {
  method: z.enum(PLACEMENT_METHOD_NAMES),
  /** Counts the plans. */
  number: count,
  origin: z.enum(PLAN_ORIGINS),
  /** Value in samples a second, by the objective, of every plan that was made with it. */
  values: z.record(z.string(), z.number()),
  solver: z.string(),
  /** What the slowest unit of a round is expected to take. */
  roundMs: z.number(),
  /** Measured time of rounds beyond that. */
  roundOverheadMs: z.number(),
  /** Milliseconds that it took to make. */
  tookMs: z.number(),
  /** Data shards that no device may train on at present, and why. */
  waiting: z.array(z.strictObject({ dataShards: z.array(count), why: z.string() })),
  constraints: z.array(placementConstraint),
};

export const placementReport = z.strictObject({ ...placementInForce, devices: z.array(allocationReport) });
export type PlacementReport = z.infer<typeof placementReport>;
