import {
  PLACEMENT_METHOD_NAMES,
  PLACEMENT_METHODS,
  type PlacementMethod,
  type Selector,
} from '../../../shared/protocol/placement.ts';
import { RUNS, setting } from '../setting.ts';
import { decimal, deviceSelector, meaningsOf, oneOf, orNone, seconds, wordOrCount } from '../values.ts';

/** An hour for one work unit is more than any engine needs; longer would only hide a hung device. */
const MAX_LEASE_SECONDS = 3600;

/** Who gets which work. */
export const PLACEMENT_SETTINGS = {
  placement: setting<PlacementMethod | undefined>(
    RUNS,
    oneOf(...PLACEMENT_METHOD_NAMES),
    undefined,
    `How work is shared out (${meaningsOf(PLACEMENT_METHODS)}); by default ilp where units are of local steps, else uniform.`,
  ),
  requires: setting<Selector | null>(
    RUNS,
    orNone(deviceSelector),
    null,
    'Devices that may train; others wait in reserve.',
  ),
  prefers: setting<Selector | null>(
    RUNS,
    orNone(deviceSelector),
    null,
    'Devices that train first; others wait in reserve while enough of these are connected.',
  ),
  linkMbit: setting(
    RUNS,
    orNone(decimal('above 0', (value) => value > 0)),
    null,
    "Bandwidth of the server's own line; plans stay within it.",
    { unit: 'Mbit/s' },
  ),
  roundSize: setting(
    RUNS,
    wordOrCount('all'),
    'all',
    'Updates that a sync round waits for; all: one from each worker.',
    {
      unit: 'updates',
    },
  ),
  buffer: setting(
    RUNS,
    wordOrCount('auto'),
    'auto',
    'Updates that make a commit in buffered, those of a device that is not trusted together one; auto: by who is there, and 4 at least.',
    { unit: 'updates' },
  ),
  leaseSeconds: setting(
    RUNS,
    seconds(MAX_LEASE_SECONDS),
    30,
    'The longest time that a device may take for a work unit.',
    { unit: 's' },
  ),
};
