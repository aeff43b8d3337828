import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { MODE_NAMES } from '../server/core/policy/modes.ts';
import { ARITHMETICS } from '../shared/profile/profile.ts';
import { deriveSeed } from '../shared/random/generator.ts';
import { pairsIn } from './audits/record.ts';
import { play, type PlayResult, type PlaySpec } from './honest/play.ts';
import { PairPool } from './honest/pool.ts';
import { devicesTable, verdictsTable } from './honest/table.ts';

/**
 * `npm run bench:honest`: hours of honest devices under audits and trust, by a clock that is turned by hand. The core of a
 * server is the real one; what its audits find is drawn from pairs of updates that `bench:audits --record` recorded.
 * One run for each model, batch and number of local steps. Devices are slow at times, and go in the midst of a unit.
 * Prints tables, or with `--json` a line for each run. Its exit status is 1 where an honest device was barred.
 */

function above0(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

const { hours, seed, devices, auditCpu, recording, json } = new Command('bench:honest')
  .description('Hours of honest devices under audits and trust: how many are suspected or barred.')
  .option('--hours <number>', 'of all devices of all runs together, with a connection', above0, 1000)
  .option('--seed <number>', 'seed of all that is drawn', above0, 1)
  .option('--devices <number>', 'devices of a run', above0, 15)
  .option('--audit-cpu <share>', 'of a core, that audits may take', above0, 0.05)
  .option('--recording <file>', 'recorded pairs', 'bench/audits/honest.csv')
  .option('--json', 'print a line of JSON for each run')
  .parse()
  .opts<{
    hours: number;
    seed: number;
    devices: number;
    auditCpu: number;
    recording: string;
    json?: true;
  }>();

const pool = new PairPool(pairsIn(readFileSync(recording, 'utf8')));
const { sizes } = pool;
const results: PlayResult[] = [];
for (const [number, size] of sizes.entries()) {
  const mode = MODE_NAMES[number % MODE_NAMES.length] ?? 'sync';
  const server = ARITHMETICS[number % ARITHMETICS.length] ?? 'fastest';
  const common = { devices, auditCpu, hours: hours / sizes.length };
  const spec: PlaySpec = { size, mode, server, ...common, seed: deriveSeed(seed, number) };
  const result = await play(spec, pool);
  results.push(result);
  if (json === true) console.log(JSON.stringify(result));
  else process.stderr.write(`\r${results.length} of ${sizes.length} runs`);
}
if (json !== true) {
  process.stderr.write('\n');
  console.log(`${devicesTable(results)}\n\n${verdictsTable(results)}`);
}
process.exitCode = results.some(({ barred }) => barred > 0) ? 1 : 0;
