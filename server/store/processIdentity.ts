import { createHmac } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod/mini';

/** What tells one process from all others; null where the platform does not say. */
export const processIdentity = z.object({
  pid: z.int().check(z.minimum(1)),
  host: z.string().check(z.maxLength(255)),
  /** Differs from one machine to the next, whatever their names. */
  machine: z._default(z.nullable(z.string()), null),
  /** Differs from one start of the machine to the next. */
  boot: z.nullable(z.string()),
  /** The group of processes that see each other's ids, as a container has one of its own. */
  space: z.nullable(z.string()),
  /** When the process began, as the system counts. A later process of the same id has another. */
  started: z.nullable(z.string()),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** The group of processes that Linux itself begins with has this number; that of a container has another. */
const INITIAL_SPACE = 'pid:[4026531836]';

/** Whether a process still runs; `unseen` where that cannot be told from here. */
export type ProcessState = 'runs' | 'ended' | 'unseen';

/** The identity of this process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, ...here(), started: stateOf(process.pid)?.started ?? null };
}

/**
 * What became of a process.
 * @param now where the one runs that asks.
 */
export function processStateOf(
  { pid, host, machine, boot, space, started }: ProcessIdentity,
  now: Here = here(),
): ProcessState {
  if (host !== now.host) return 'unseen';
  // Two machines may have one name: only of the same one does another start say that all before has ended.
  if (boot !== now.boot) return machine !== null && machine === now.machine ? 'ended' : 'unseen';
  if (space !== now.space) return 'unseen';
  if (!exists(pid)) return 'ended';
  const state = stateOf(pid);
  if (state === null || started === null) return 'runs';
  return state.dead || state.started !== started ? 'ended' : 'runs';
}

/**
 * An id made of the machine's own, which is not to be given away.
 * @param file what the machine says of itself.
 * @param space the group of processes that asks. The file of a container may be one of its image, the same on many
 *   machines.
 */
export function machineOf(file: string | null, space: string | null): string | null {
  const id = file?.trim() ?? '';
  if (space !== INITIAL_SPACE || !/^[0-9a-f]{32}$/.test(id)) return null;
  return createHmac('sha256', id).update('tabswarm').digest('hex').slice(0, 32);
}

type Here = Pick<ProcessIdentity, 'host' | 'machine' | 'boot' | 'space'>;

function here(): Here {
  const space = told(() => readlinkSync('/proc/self/ns/pid'));
  return {
    host: hostname(),
    machine: machineOf(
      told(() => readFileSync('/etc/machine-id', 'utf8')),
      space,
    ),
    boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space,
  };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** What Linux says of a process; null elsewhere, and where it hides other users' processes. */
function stateOf(pid: number): { started: string; dead: boolean } | null {
  const stat = told(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  // The name, in brackets, may hold anything; state and start are fields 3 and 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  // A process that nobody has waited for keeps its id after its death.
  return { started: fields[19] ?? '', dead: state === 'Z' || state === 'X' };
}

function told(ask: () => string): string | null {
  try {
    return ask();
  } catch {
    return null;
  }
}
