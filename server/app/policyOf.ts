import { ALL_EQUAL, createAggregation, type Aggregation } from '../core/aggregation/aggregation.ts';
import { AsyncPolicy } from '../core/policy/async.ts';
import { BufferedPolicy } from '../core/policy/buffered.ts';
import type { LeaseLimits, Policy } from '../core/policy/policy.ts';
import { SyncPolicy } from '../core/policy/sync.ts';
import type { Config } from '../config/config.ts';

/** No lease is shorter than this: a busy device is not a gone one. */
const LEASE_FLOOR_MS = 2000;
/** Updates of a commit of which the inner products of all pairs have to be known: their time grows with the square. */
const MOST_WITH_PRODUCTS = 256;

/**
 * How updates become one. What is known of devices follows from what happened when: it may not decide a bit of a
 * repeatable run [RN8].
 */
export function aggregationOf({ aggregation, trim, clipNorm, bucket, repeatable }: Config): Aggregation {
  return createAggregation(aggregation, { trim, clipNorm, bucket }, repeatable ? ALL_EQUAL : undefined);
}

/** When updates are committed. */
export function policyOf(config: Config): Policy {
  const limits: LeaseLimits = { floorMs: LEASE_FLOOR_MS, capMs: config.leaseSeconds * 1000 };
  const { mode, roundSize, buffer, staleness, maxStaleness, repeatable } = config;
  const mostUpdates = aggregationOf(config).needsProducts ? MOST_WITH_PRODUCTS : Infinity;
  switch (mode) {
    case 'sync':
      return new SyncPolicy({ roundSize, rounds: repeatable ? 'complete' : 'cut', mostUpdates, limits });
    case 'async':
      return new AsyncPolicy({ staleness, maxStaleness, limits });
    case 'buffered':
      return new BufferedPolicy({ buffer, mostUpdates, staleness, maxStaleness, limits });
  }
}
