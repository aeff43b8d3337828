import { DEVICE_ACTION_NAMES, type DeviceAction } from '../../../shared/protocol/deviceActions.ts';
import { RUN_ACTION_NAMES, type RunAction } from '../../../shared/protocol/runActions.ts';
import { RUNS, setting } from '../setting.ts';
import { assignments, flag, httpUrl, oneOf, orNone, wholeNumber, words } from '../values.ts';

/** What `npm run control` may ask. */
export type ControlAction = RunAction | DeviceAction;

/** Characters of an admin's token: fewer could be guessed. */
export const ADMIN_TOKEN_LENGTH = { least: 16, most: 128 };

/** How a device and a server find each other. */
export const JOINING_SETTINGS = {
  join: setting(
    ['start', 'demo', 'swarm', 'worker'],
    words('a credential', '<credential>', 128),
    '',
    'Credential that volunteers must show; without it, everyone may join.',
    { secret: true },
  ),
  open: setting(
    RUNS,
    flag,
    false,
    'With --join: everyone may join, and devices that show the credential begin as trusted.',
  ),
  maxDevices: setting(
    RUNS,
    wholeNumber(1, 1_000_000),
    10_000,
    'Devices present at a time: one beyond them is told that the server is full.',
    { unit: 'devices' },
  ),
  adminToken: setting<string | null>(
    RUNS,
    orNone(words('a token', '<token>', ADMIN_TOKEN_LENGTH.most, ADMIN_TOKEN_LENGTH.least)),
    null,
    'Token of the admin; without it, the one that was made at the first start.',
    { secret: true },
  ),
  adminTokenFile: setting<string | null>(
    RUNS,
    orNone(words('a path', '<file>')),
    null,
    'File with the token of the admin.',
    { secret: true },
  ),
  url: setting<string | undefined>(
    ['swarm', 'worker', 'control'],
    httpUrl,
    undefined,
    'Join address of the server; for control its admin URL. Required.',
  ),
  action: setting<ControlAction | undefined>(
    ['control'],
    oneOf(...RUN_ACTION_NAMES, ...DEVICE_ACTION_NAMES),
    undefined,
    'What to ask of the run, or of a device. Required.',
  ),
  device: setting<string | null>(
    ['control'],
    orNone(words('a device id', '<device>', 12, 12)),
    null,
    'For bar and pardon: the id of the device, as events and the device table have it.',
  ),
  set: setting<string[]>(
    ['control'],
    assignments,
    [],
    'For configure: the settings to change, by their flags without the dashes, and their new values.',
  ),
};
