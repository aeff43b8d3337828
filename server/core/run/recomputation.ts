import type { Arithmetic } from '../../../shared/profile/profile.ts';
import type { WorkUnit } from '../../../shared/protocol/messages.ts';
import type { Evidence } from '../shard/evidence.ts';
import type { Compared } from './comparison.ts';

/** A unit that is to be computed again, with the whole base and the whole update. */
export interface AuditTask extends Evidence {
  unit: WorkUnit;
  /** Once with each. */
  arithmetics: readonly [Arithmetic, ...Arithmetic[]];
}

/** The update beside what the server computed, and what that took. */
export interface Recomputation extends Compared {
  milliseconds: number;
}

/**
 * Computes a unit again, one at a time.
 * @throws {Error} where it cannot: then nothing is known of the update.
 */
export type Recompute = (task: AuditTask) => Promise<Recomputation>;
