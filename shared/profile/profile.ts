import * as z from 'zod/mini';

/** The engines of our own, made for one model each: SIMD WebAssembly and WebGPU. */
export const FUSED_ENGINES = ['wasm', 'webgpu'] as const;
/** TensorFlow.js on its backends: any model, slower, fetched only where it is needed. */
export const TFJS_ENGINES = ['tfjs-webgpu', 'tfjs-webgl', 'tfjs-cpu'] as const;
/** The engines a worker can train with, by the name that `--engine` and `?engine=` take. */
export const ENGINES = [...FUSED_ENGINES, ...TFJS_ENGINES] as const;
export type EngineName = (typeof ENGINES)[number];

const described = {
  name: z.enum([...ENGINES, 'scripted']),
  /** The adapter or renderer behind the engine. */
  detail: z.string().check(z.maxLength(200)),
  /** Runs on the CPU although its interface is a GPU's. */
  software: z.boolean(),
};

/** The engine a worker trains with, as the device reports it. */
export const engineReport = z.strictObject(described);
export type EngineReport = z.infer<typeof engineReport>;

/** What came of trying an engine on a device. */
export const engineTrial = z.strictObject({
  ...described,
  /** right: it gave the known answer; wrong: it did not; failed: it could not be had, or stopped working. */
  verdict: z.enum(['right', 'wrong', 'failed']),
  /** Why it is not right; null where it is. */
  reason: z.nullable(z.string().check(z.maxLength(200))),
  /** Of one worker, as calibrated on the model of the run; null where it was not timed. */
  samplesPerSecond: z.nullable(z.number().check(z.minimum(0), z.maximum(1e9))),
});
export type EngineTrial = z.infer<typeof engineTrial>;

/** More workers a device than this are refused: what each holds unanswered is the server's memory. */
export const MAX_WORKERS = 32;

/** What a device says of itself; every word of it is the device's own report. */
export const capabilityProfile = z.strictObject({
  /** What kind of page or program this is, for instance `Chrome 156 on Linux`. */
  agent: z.string().check(z.maxLength(120)),
  cores: z.int().check(z.minimum(1), z.maximum(1024)),
  /** A page outside a secure context has no WebGPU. */
  secureContext: z.boolean(),
  /** Null until the model of the run is known and an engine loaded for it. */
  engine: z.nullable(engineReport),
  /** The engines tried so far, the latest trial of each. */
  trials: z.array(engineTrial).check(z.maxLength(16)),
  /** Training threads: as many leases as it works on at a time. */
  workers: z.int().check(z.minimum(1), z.maximum(MAX_WORKERS)),
});

export type CapabilityProfile = z.infer<typeof capabilityProfile>;
