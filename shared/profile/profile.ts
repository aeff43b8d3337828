import * as z from 'zod/mini';

/** The engines of our own, made for one model each: SIMD WebAssembly and WebGPU. */
export const FUSED_ENGINES = ['wasm', 'webgpu'] as const;
/** TensorFlow.js on its backends: any model, slower, fetched only where it is needed. */
export const TFJS_ENGINES = ['tfjs-webgpu', 'tfjs-webgl', 'tfjs-cpu'] as const;
/** The engines a worker can train with, by the name that `--engine` and `?engine=` take. */
export const ENGINES = [...FUSED_ENGINES, ...TFJS_ENGINES] as const;
export type EngineName = (typeof ENGINES)[number];

/** How a run has its units computed: as fast as each device can, or to the same bits on every device. */
export const ARITHMETICS = ['fastest', 'strict'] as const;
export type Arithmetic = (typeof ARITHMETICS)[number];

/** Which names an engine goes by: those above, and that of tests without one. */
export const REPORTED_ENGINES = [...ENGINES, 'scripted'] as const;
export type ReportedEngine = (typeof REPORTED_ENGINES)[number];

/** The engines that can be told to give the same bits for the same unit on every machine [EN9]. */
export const CAN_BE_STRICT: Readonly<Record<ReportedEngine, boolean>> = {
  wasm: true,
  webgpu: false,
  'tfjs-webgpu': false,
  'tfjs-webgl': false,
  'tfjs-cpu': false,
  scripted: true,
};

const described = {
  name: z.enum(REPORTED_ENGINES),
  /** The adapter or renderer behind the engine. */
  detail: z.string().check(z.maxLength(200)),
  /** Runs on the CPU although its interface is a GPU's. */
  software: z.boolean(),
};

/** The engine a worker trains with, as the device reports it. */
export const engineReport = z.strictObject(described);
export type EngineReport = z.infer<typeof engineReport>;

/** What comes of trying an engine. */
export const VERDICTS = {
  /** It gave the known answer. */
  right: { isGood: true, means: 'works' },
  /** It gave another. */
  wrong: { isGood: false, means: 'gave a wrong answer' },
  /** It could not be had, or stopped working. */
  failed: { isGood: false, means: 'failed' },
} as const satisfies Record<string, { isGood: boolean; means: string }>;
export type EngineVerdict = keyof typeof VERDICTS;
const VERDICT_NAMES = Object.keys(VERDICTS) as EngineVerdict[];

/** What came of trying an engine on a device. */
export const engineTrial = z.strictObject({
  ...described,
  verdict: z.enum(VERDICT_NAMES),
  /** Why it is not right; null where it is. */
  reason: z.nullable(z.string().check(z.maxLength(200))),
  /** Of one worker, as calibrated on the model of the run; null where it was not timed. */
  samplesPerSecond: z.nullable(z.number().check(z.minimum(0), z.maximum(1e9))),
});
export type EngineTrial = z.infer<typeof engineTrial>;

/** More workers a device than this are refused: what each holds unanswered is the server's memory. */
export const MAX_WORKERS = 32;

/** What kind of machine a device is; a carried one lives on its battery. */
export const FORM_FACTORS = {
  phone: { isCarried: true, isKnown: true },
  tablet: { isCarried: true, isKnown: true },
  desktop: { isCarried: false, isKnown: true },
  server: { isCarried: false, isKnown: true },
  unknown: { isCarried: false, isKnown: false },
} as const satisfies Record<string, { isCarried: boolean; isKnown: boolean }>;
export type FormFactor = keyof typeof FORM_FACTORS;
export const FORM_FACTOR_NAMES = Object.keys(FORM_FACTORS) as FormFactor[];

/** Whether somebody sees the page of a device. */
const VISIBILITIES = ['visible', 'hidden', 'unknown'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

const LABEL = /^[a-z0-9][a-z0-9._-]{0,62}$/i;
export const MAX_LABELS = 16;
const label = z.string().check(z.regex(LABEL));

/** Names that the user gives a page or a worker, for instance `room: lab`. */
export const deviceLabels = z
  .record(label, label)
  .check(z.refine((labels) => Object.keys(labels).length <= MAX_LABELS, `more than ${MAX_LABELS} labels`));
export type DeviceLabels = z.infer<typeof deviceLabels>;

const bytesPerSecond = z.nullable(z.number().check(z.minimum(0), z.maximum(1e11)));

/** What changes while a device trains. Null is unknown: not every browser tells. */
export const conditions = z.strictObject({
  visibility: z.enum(VISIBILITIES),
  battery: z.nullable(
    z.strictObject({
      /** 0 to 1. */
      level: z.number().check(z.minimum(0), z.maximum(1)),
      charging: z.boolean(),
    }),
  ),
  /** The connection is paid for by volume, or its owner asked programs to save data. */
  metered: z.nullable(z.boolean()),
  /** From asking the server to its answer. */
  roundTripMs: z.nullable(z.number().check(z.minimum(0), z.maximum(600_000))),
  /** Bytes a second of the last data shards that it fetched. */
  downlink: bytesPerSecond,
});
export type Conditions = z.infer<typeof conditions>;

export const UNKNOWN_CONDITIONS: Conditions = {
  visibility: 'unknown',
  battery: null,
  metered: null,
  roundTripMs: null,
  downlink: null,
};

/** Version of the profile below. */
export const PROFILE_VERSION = 1;

/** What a device says of itself; every word of it is the device's own report. */
export const capabilityProfile = z.strictObject({
  version: z.literal(PROFILE_VERSION),
  /** What kind of page or program this is, for instance `Chrome 156 on Linux`. */
  agent: z.string().check(z.maxLength(120)),
  formFactor: z.enum(FORM_FACTOR_NAMES),
  cores: z.int().check(z.minimum(1), z.maximum(1024)),
  /** As a class that browsers round to, or what there is; null where it is unknown. */
  memoryGiB: z.nullable(z.number().check(z.positive(), z.maximum(65_536))),
  labels: deviceLabels,
  /** A page outside a secure context has no WebGPU. */
  secureContext: z.boolean(),
  /** Null until the model of the run is known and an engine loaded for it. */
  engine: z.nullable(engineReport),
  /** The engines tried so far, the latest trial of each. */
  trials: z.array(engineTrial).check(z.maxLength(16)),
  /** Training threads: as many leases as it works on at a time. */
  workers: z.int().check(z.minimum(1), z.maximum(MAX_WORKERS)),
  conditions,
});

export type CapabilityProfile = z.infer<typeof capabilityProfile>;

/** What a device knows of itself before it trains, and does not change. */
export type DeviceDescription = Omit<CapabilityProfile, 'engine' | 'trials' | 'workers' | 'conditions'>;

/**
 * What was wrong with a profile or a part of one, in words that name the field.
 * @param issue the first that its schema found.
 */
export function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  const path = issue?.path.join('.') ?? '';
  const message =
    issue?.code === 'unrecognized_keys'
      ? `there is no field ${issue.keys.join(', ')}`
      : (issue?.message ?? 'invalid');
  return path === '' ? message : `${path}: ${message}`;
}
