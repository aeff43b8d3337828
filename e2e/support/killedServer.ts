import { appendFileSync } from 'node:fs';
import { FileProcess } from '../../server/store/fileProcess.ts';
import type { Change } from '../../server/store/rows.ts';
import type { KillMoment, LedgerLine } from './ledger.ts';

/*
 * `npm start` that notes what it asks of its store, and is killed at one of its operations: TABSWARM_LEDGER is the file
 * of the notes; TABSWARM_KILL is the number of the operation and when, a KillMoment.
 */

const ledger = process.env['TABSWARM_LEDGER'] ?? '';
const [number, moment] = (process.env['TABSWARM_KILL'] ?? '').split(' ');
const OPERATIONS = ['open', 'write', 'sync', 'close', 'rename', 'remove', 'makeFolder', 'writeRows'] as const;

let asked = 0;

function note(line: LedgerLine): void {
  appendFileSync(ledger, `${JSON.stringify(line)}\n`);
}

/** The moment of operation `count`: only one of them is the last of this process. */
function reach(count: number, when: KillMoment): void {
  if (count === Number(number) && when === moment) process.kill(process.pid, 'SIGKILL');
}

function watch(name: (typeof OPERATIONS)[number]): void {
  const prototype = FileProcess.prototype as unknown as Record<
    string,
    (this: FileProcess, ...given: unknown[]) => Promise<unknown>
  >;
  const original = prototype[name];
  if (original === undefined) throw new Error(`the file process does no ${name}`);
  prototype[name] = async function (...given) {
    const count = ++asked;
    reach(count, 'before');
    const answer = original.apply(this, given);
    // What follows runs before the process can be answered.
    note({ process: this.pid, ...(name === 'writeRows' && { changes: given[1] as readonly Change[] }) });
    reach(count, 'during');
    const value = await answer;
    if (name === 'writeRows') note({ confirmed: true });
    reach(count, 'after');
    return value;
  };
}

for (const name of OPERATIONS) watch(name);
await import('../../server/cli/start.ts');
