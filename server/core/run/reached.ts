import type { LiveSettings } from '../liveSettings.ts';

/** How far the records of a run have come. */
export interface Reached {
  /** Commit records of any type. */
  version: number;
  /** Those of them that are of the type update. */
  updates: number;
  /** In force. */
  settings: LiveSettings;
}
