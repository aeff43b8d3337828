import { AsyncPolicy } from '../policy/async.ts';
import type { LeaseLimits } from '../policy/policy.ts';
import { SyncPolicy, type SyncSettings } from '../policy/sync.ts';

export const LIMITS: LeaseLimits = { floorMs: 1000, capMs: 10_000 };

export const asyncPolicy = (maxStaleness = 64) =>
  new AsyncPolicy({ staleness: 'sqrt', maxStaleness, limits: LIMITS });

export const syncPolicy = (settings: Partial<SyncSettings> = {}) =>
  new SyncPolicy({ roundSize: 'all', rounds: 'cut', limits: LIMITS, ...settings });
