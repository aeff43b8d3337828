import { PROFILE_VERSION, UNKNOWN_CONDITIONS, type CapabilityProfile } from '../profile.ts';

/** A laptop that has joined and knows nothing else yet. */
export const TEST_PROFILE: CapabilityProfile = {
  version: PROFILE_VERSION,
  agent: 'Chrome 156 on Linux',
  formFactor: 'desktop',
  cores: 4,
  memoryGiB: null,
  secureContext: true,
  labels: {},
  engine: null,
  trials: [],
  workers: 1,
  conditions: UNKNOWN_CONDITIONS,
};
