import { spawn } from 'node:child_process';
import type { Job } from './job.ts';
import type { Turn } from './order.ts';
import { SIDES, type Command } from './sides.ts';

/** Runs one job to its end. @throws {Error} where it ends without a result of what it was to run. */
export async function run({ side, averaging, seed }: Turn): Promise<Job> {
  const { command, read } = SIDES[side];
  const { line, seconds } = await firstLine(command(averaging, seed));
  return { side, averaging, seed, ...read(line), commandSeconds: seconds };
}

/** The first line of JSON that a program prints, and when it came. Resolves when the program has ended. */
function firstLine([program, ...args]: Command): Promise<{ line: unknown; seconds: number }> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    let found: { line: unknown; seconds: number } | null = null;
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const text = found === null ? /^\{.*\}$/m.exec(output)?.[0] : undefined;
      if (text !== undefined) found = { line: JSON.parse(text), seconds: (performance.now() - begun) / 1000 };
    });
    child.on('error', reject);
    // The next job begins when this one has left the processor.
    child.on('close', () => {
      if (found === null) reject(new Error(`${program} ${args.join(' ')}: ${errors.trim().slice(-500)}`));
      else resolve(found);
    });
  });
}
