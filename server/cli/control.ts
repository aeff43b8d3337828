import { adminSnapshot, API, type AdminSnapshot } from '../../shared/protocol/admin.ts';
import { baseOf } from '../../shared/protocol/basePath.ts';
import { httpErrorBody } from '../../shared/protocol/httpErrors.ts';
import type { ConfigureRequest } from '../../shared/protocol/liveSettings.ts';
import { DEVICE_ACTION_NAMES, deviceActionOf } from '../../shared/protocol/deviceActions.ts';
import {
  RUN_ACTION_NAMES,
  runAction,
  type RunAction,
  type RunActionBody,
} from '../../shared/protocol/runActions.ts';
import { counted, grouped } from '../../shared/text/counted.ts';
import { ConfigError, loadConfig, type Config } from '../config/config.ts';
import type { ControlAction } from '../config/settings/joining.ts';
import { AddressError } from '../swarm/joining.ts';
import { jsonClient } from '../swarm/jsonClient.ts';
import { reach } from '../swarm/reach.ts';
import { EXIT_FAILED, runCommand } from '../terminal/failure.ts';
import { messages, results } from '../terminal/output.ts';

/** `npm run control`: asks an action of the run of a server, and says what came of it. */

const nothing = ({ set, checkpoint }: Config): null => {
  if (set.length > 0) throw new ConfigError('--set: belongs to configure alone');
  if (checkpoint !== null) throw new ConfigError('--checkpoint: belongs to rollback alone');
  return null;
};

/** What each action is asked with. */
const BODIES: { readonly [Action in RunAction]: (config: Config) => RunActionBody<Action> } = {
  start: nothing,
  pause: nothing,
  stop: nothing,
  save: nothing,
  configure: changesOf,
  rollback: versionOf,
};

/** The changes of `--set`, under the names that settings have in a snapshot. */
function changesOf({ set }: Config): ConfigureRequest {
  if (set.length === 0)
    throw new ConfigError('configure needs --set with the settings to change: --set lr=0.02');
  const entries = set.map((assignment) => {
    const at = assignment.indexOf('=');
    const name = assignment.slice(0, at).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [name, assignment.slice(at + 1)] as const;
  });
  return { changes: Object.fromEntries(entries) };
}

/** The version of `--checkpoint`. */
function versionOf({ checkpoint }: Config): { version: number } {
  if (checkpoint === null)
    throw new ConfigError('rollback needs --checkpoint with the version to go back to: --checkpoint 120');
  return { version: checkpoint };
}

interface Request {
  path: string;
  body: object | null;
  /** Of what it is asked. */
  of: string;
}

/** @throws {ConfigError} where something is missing, or belongs to another action. */
function requestOf(config: Config, action: ControlAction): Request {
  const deviceAction = deviceActionOf(action);
  if (deviceAction !== undefined) {
    const { device } = config;
    if (device === null) throw new ConfigError(`${action} needs the id of a device: ${action} 0123456789ab`);
    nothing(config);
    return { path: API.deviceAction('current', device, deviceAction), body: null, of: `device ${device}` };
  }
  if (config.device !== null) throw new ConfigError('--device: belongs to bar and pardon alone');
  const ofRun = runAction.parse(action);
  return { path: API.action('current', ofRun), body: BODIES[ofRun](config), of: 'the run' };
}

async function main(): Promise<number> {
  const config = loadConfig('control');
  const { url, action } = config;
  if (action === null)
    throw new ConfigError(`an action is needed: ${[...RUN_ACTION_NAMES, ...DEVICE_ACTION_NAMES].join(', ')}`);
  const { path, body, of } = requestOf(config, action);
  const base = baseOf(url.replace(/\/admin\/?(?=[?#]|$)/, '/'));
  const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token') ?? '';
  const found = await reach(base);
  if (found.kind !== 'there') throw new AddressError(`${base.href} cannot be controlled: ${found.reason}`);
  const ask = jsonClient(base, found.selfSigned);
  const session = await ask('POST', API.session, '', { token });
  if (session.status !== 200) {
    throw new AddressError(
      'The token of the address is not valid: give the admin URL that the server printed.',
    );
  }
  const cookie = session.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const answer = await ask('POST', path, cookie, body ?? undefined);
  // Each session that stays open ends one of somebody else in time.
  await ask('DELETE', API.session, cookie);
  if (answer.status !== 200) {
    const refusal = httpErrorBody.safeParse(answer.body);
    const reason = refusal.data?.message ?? `The server answered with status ${answer.status}.`;
    messages.line(`Could not ${action} ${of}: ${reason}`);
    return EXIT_FAILED;
  }
  results.line(describe(adminSnapshot.parse(answer.body)));
  return 0;
}

function describe({ status, checkpoint }: AdminSnapshot): string {
  const newest =
    checkpoint === null ? 'no checkpoint' : `checkpoint of version ${grouped(checkpoint.version)}`;
  return `${status.model} is ${status.state} at version ${grouped(status.version)}, ${newest}, ${counted(status.devices, 'device')}`;
}

await runCommand(main);
