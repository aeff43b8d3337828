import * as z from 'zod/mini';

/** The engines a worker can train with, by the name that `--engine` and `?engine=` take. */
export const ENGINES = ['webgpu', 'webgl', 'cpu'] as const;
export type EngineName = (typeof ENGINES)[number];

/** The engine a worker trains with, as the device reports it. */
export const engineReport = z.strictObject({
  name: z.enum([...ENGINES, 'scripted']),
  /** The adapter or renderer behind the engine. */
  detail: z.string().check(z.maxLength(200)),
  /** Runs on the CPU although its interface is a GPU's. */
  software: z.boolean(),
});
export type EngineReport = z.infer<typeof engineReport>;

/** What a device says of itself; every word of it is the device's own report. */
export const capabilityProfile = z.strictObject({
  /** What kind of page or program this is, for instance `Chrome 156 on Linux`. */
  agent: z.string().check(z.maxLength(120)),
  cores: z.int().check(z.minimum(1), z.maximum(1024)),
  /** A page outside a secure context has no WebGPU. */
  secureContext: z.boolean(),
  /** Null until the model of the run is known and an engine loaded for it. */
  engine: z.nullable(engineReport),
});

export type CapabilityProfile = z.infer<typeof capabilityProfile>;
