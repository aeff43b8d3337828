import { MAX_WORKERS } from '../../shared/profile/profile.ts';

/** A pull and a push for each worker that a device may have [PR7]. */
export const MAX_IN_FLIGHT_AT_HOST = 2 * MAX_WORKERS;
