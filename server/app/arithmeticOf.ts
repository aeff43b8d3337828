import type { Arithmetic } from '../../shared/profile/profile.ts';
import type { Config } from '../config/config.ts';

/** How the units of a run are to be computed. */
export function arithmeticOf({ repeatable }: Config): Arithmetic {
  return repeatable ? 'strict' : 'fastest';
}
