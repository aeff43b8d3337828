import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../server/config/commands.ts';
import type { Cleanup } from './testServer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A command in a process of its own. */
export interface CommandProcess {
  pid: number;
  /** What it wrote to standard error so far, by lines. */
  lines: string[];
  /** What it wrote to standard output. */
  output(): string;
  /** Resolves at the first line that matches; rejects where the process ends before. */
  said(pattern: RegExp): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Closes what its standard output and standard error are read by. */
  stopReading(): void;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts a command as `npm run` does; it ends with the test. */
export function startCommand(cleanup: Cleanup, command: Command, flags: string[]): CommandProcess {
  return startProgram(cleanup, `server/cli/${command}.ts`, flags);
}

/** Starts a program of this project; it ends with the test. @param variables of its environment, besides those of here. */
export function startProgram(
  cleanup: Cleanup,
  program: string,
  flags: string[],
  variables: Readonly<Record<string, string>> = {},
): CommandProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...flags], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    for (const tell of waiting) tell(line);
  });
  const ended = once(child, 'close').then(() => child.exitCode ?? child.signalCode);
  cleanup.add(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    pid: child.pid ?? 0,
    lines,
    output: () => output,
    ended,
    signal: (signal) => void child.kill(signal),
    stopReading: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
        waiting.add((line) => {
          if (pattern.test(line)) resolve(line);
        });
        void ended.then(() => reject(new Error(`it ended before it said ${pattern}: ${lines.join('\n')}`)));
      }),
  };
}
