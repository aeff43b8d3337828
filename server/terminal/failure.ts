import { ignoreHangup } from './interruption.ts';
import { messages, results, type Output } from './output.ts';

/*
 * The one place that turns what a command failed with into a line for a person and an exit code: 2 for what
 * the person at the command line can mend, 1 for the rest.
 */

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Errors whose message is a sentence for a person, by the name that their class gives them. */
const EXPECTED: Readonly<Record<string, number>> = {
  ConfigError: EXIT_USAGE,
  ModelSpecError: EXIT_USAGE,
  NoBrowserError: EXIT_USAGE,
  PagesError: EXIT_USAGE,
  DatasetError: EXIT_USAGE,
  StoreError: EXIT_USAGE,
  CertificateError: EXIT_USAGE,
  RemoteShardError: EXIT_USAGE,
  AddressError: EXIT_USAGE,
  TabsError: EXIT_FAILED,
};

/** What the system says, by its code, in words; all of it is for the person to mend. */
const SYSTEM: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program; choose another with --port',
  EADDRNOTAVAIL: 'is not an address of this machine; choose another with --host',
  ENOTFOUND: 'is not a name that this machine can resolve; choose another with --host',
  EACCES: 'may not be used by this user',
  EPERM: 'may not be used by this user',
  ENOENT: 'does not exist',
  EROFS: 'is on a file system that cannot be written',
  ENOSPC: 'is on a disk that is full',
  ENOTDIR: 'is not in a folder',
};

export interface Failure {
  /** What to print. */
  text: string;
  /** Help that was asked for goes to standard output, as no failure does. */
  to: 'results' | 'messages';
  exitCode: number;
}

const OUTPUTS: Readonly<Record<Failure['to'], Output>> = { results, messages };

/** What to say of an error, and the exit code. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { text: `tabswarm: ${String(error)}`, to: 'messages', exitCode: EXIT_FAILED };
  }
  if (error.name === 'HelpRequest') return { text: error.message, to: 'results', exitCode: 0 };
  const expected = EXPECTED[error.name];
  if (expected !== undefined) return oneLine(error.message, expected);
  const system = systemSentence(error);
  if (system !== null) return oneLine(system, EXIT_USAGE);
  return { text: `tabswarm: ${error.stack ?? error.message}`, to: 'messages', exitCode: EXIT_FAILED };
}

function oneLine(message: string, exitCode: number): Failure {
  return { text: `tabswarm: ${message.replace(/\s*\n\s*/g, ' ')}`, to: 'messages', exitCode };
}

function systemSentence(error: NodeJS.ErrnoException & { address?: string; port?: number }): string | null {
  const said = error.code === undefined ? undefined : SYSTEM[error.code];
  if (said === undefined) return null;
  if (error.path !== undefined) return `${error.path} ${said}`;
  if (error.port !== undefined) return `${error.address ?? ''}:${error.port} ${said}`;
  if (error.address !== undefined) return `${error.address} ${said}`;
  return null;
}

/**
 * Runs a command to its exit code, reports what it fails with, and ends the process: what a command that failed
 * half way left open must not keep it alive.
 */
export async function runCommand(command: () => Promise<number>): Promise<void> {
  ignoreHangup();
  try {
    await end(await command());
  } catch (error) {
    const { text, to, exitCode } = failureOf(error);
    OUTPUTS[to].line(text);
    await end(exitCode);
  }
}

/** Ends once what was written is out. */
async function end(exitCode: number): Promise<void> {
  // Where nothing else goes on, the process ends on its own before an output that hangs is given up.
  process.exitCode = exitCode;
  await Promise.all([results.flushed(), messages.flushed()]);
  process.exit(exitCode);
}
