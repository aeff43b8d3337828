import { AsyncPolicy } from '../policy/async.ts';
import { BufferedPolicy, type BufferedSettings } from '../policy/buffered.ts';
import type { LeaseLimits } from '../policy/policy.ts';
import { SyncPolicy, type SyncSettings } from '../policy/sync.ts';

export const LIMITS: LeaseLimits = { floorMs: 1000, capMs: 10_000 };

export const asyncPolicy = (maxStaleness = 64) =>
  new AsyncPolicy({ staleness: 'sqrt', maxStaleness, limits: LIMITS });

export const bufferedPolicy = (settings: Partial<BufferedSettings> = {}) =>
  new BufferedPolicy({
    buffer: 'auto',
    mostUpdates: 256,
    staleness: 'inverse',
    maxStaleness: 64,
    limits: LIMITS,
    ...settings,
  });

export const syncPolicy = (settings: Partial<SyncSettings> = {}) =>
  new SyncPolicy({ roundSize: 'all', rounds: 'cut', mostUpdates: 256, limits: LIMITS, ...settings });
