import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod/mini';

/** What tells one process from all others; null where the platform does not say. */
export const processIdentity = z.object({
  pid: z.int().check(z.minimum(1)),
  host: z.string().check(z.maxLength(255)),
  /** Differs from one start of the machine to the next. */
  boot: z.nullable(z.string()),
  /** The group of processes that see each other's ids, as a container has one of its own. */
  space: z.nullable(z.string()),
  /** When the process began, as the system counts. A later process of the same id has another. */
  started: z.nullable(z.string()),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** Whether a process still runs; `unseen` where that cannot be told from here. */
export type Fate = 'runs' | 'ended' | 'unseen';

/** The identity of this process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, ...here(), started: stateOf(process.pid)?.started ?? null };
}

/** What became of a process. */
export function fateOf({ pid, host, boot, space, started }: ProcessIdentity): Fate {
  const now = here();
  if (host !== now.host) return 'unseen';
  if (boot !== now.boot) return 'ended';
  if (space !== now.space) return 'unseen';
  if (!exists(pid)) return 'ended';
  const state = stateOf(pid);
  if (state === null || started === null) return 'runs';
  return state.dead || state.started !== started ? 'ended' : 'runs';
}

function here(): Pick<ProcessIdentity, 'host' | 'boot' | 'space'> {
  return {
    host: hostname(),
    boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: told(() => readlinkSync('/proc/self/ns/pid')),
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
