import { RUN_ACTION_NAMES, type RunAction } from '../../../shared/protocol/runActions.ts';
import { setting } from '../setting.ts';
import { httpUrl, oneOf, words } from '../values.ts';

/** How a device and a server find each other. */
export const JOINING_SETTINGS = {
  join: setting(
    ['start', 'demo', 'swarm', 'worker'],
    words('a credential', '<credential>', 128),
    '',
    'Credential that volunteers must show; without it, everyone may join.',
    { secret: true },
  ),
  url: setting<string | undefined>(
    ['swarm', 'worker', 'control'],
    httpUrl,
    undefined,
    'Join address of the server; for control its admin URL. Required.',
  ),
  action: setting<RunAction | undefined>(
    ['control'],
    oneOf(...RUN_ACTION_NAMES),
    undefined,
    'What to ask of the run. Required.',
  ),
};
