import * as z from 'zod/mini';
import type { LiveSettingName } from '../../shared/protocol/liveSettings.ts';
import type { LocalRates } from './run/work.ts';
import { OPTIMIZER_NAMES } from './shard/optimizer.ts';

const count = z.int().check(z.minimum(0));

/** The settings that a commit record can change, in the units of the command line. */
export const liveSettings = z.strictObject({
  target: z.nullable(z.number()),
  maxCommits: z.nullable(count),
  maxSeconds: z.nullable(z.number()),
  evaluateEvery: count,
  optimizer: z.enum(OPTIMIZER_NAMES),
  lr: z.number(),
  momentum: z.number(),
  localLr: z.nullable(z.number()),
  localMomentum: z.nullable(z.number()),
  localDecay: z.nullable(z.number()),
} satisfies Record<LiveSettingName, z.ZodMiniType>);
export type LiveSettings = z.infer<typeof liveSettings>;

/** Some of them with their new values. */
export const liveChanges = z.partial(liveSettings);
export type LiveChanges = z.infer<typeof liveChanges>;

/** The settings after some of them changed. */
export function changedSettings(settings: LiveSettings, changes: LiveChanges): LiveSettings {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...settings, ...(Object.fromEntries(given) as Partial<LiveSettings>) };
}

/** How local steps are taken; null in a run of gradients. */
export function localRatesOf({
  localLr: lr,
  localMomentum: momentum,
  localDecay: decay,
}: LiveSettings): LocalRates | null {
  return lr === null || momentum === null ? null : { lr, momentum, decay };
}
