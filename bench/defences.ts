import { Command, InvalidArgumentError } from 'commander';
import { allowRelaxedSimd } from '../client/node/relaxedSimd.ts';
import { MODE_NAMES } from '../server/core/policy/modes.ts';
import { measure, type Measured } from './defences/measure.ts';
import { gradientsOf } from './defences/model.ts';
import { orderOfPair } from './defences/sides.ts';
import { ratesTable } from './defences/table.ts';

/**
 * `npm run bench:defences`: updates a second that a server takes with all defences and without any, in pairs one side
 * after the other, in each mode. The server is a process of its own; devices send updates that they know before, so that
 * the server is what they wait for, and that audits find right. Prints a table, or with `--json` a line for each side.
 */

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It is a whole number from 1 on.');
  return value;
}

const options = new Command('bench:defences')
  .description('Updates a second with all defences and without any, side by side.')
  .option('--pairs <number>', 'pairs of each mode', whole, 5)
  .option('--bots <number>', 'devices', whole, 10)
  .option('--warm-up <number>', 'updates before those that are timed', whole, 12_000)
  .option('--updates <number>', 'updates that are timed', whole, 5000)
  .option('--json', 'print a line of JSON for each side')
  .parse()
  .opts<{ pairs: number; bots: number; warmUp: number; updates: number; json?: true }>();

allowRelaxedSimd();
const results: Measured[] = [];
for (let pair = 0; pair < options.pairs; pair++) {
  const seed = pair + 1;
  const gradients = await gradientsOf(seed);
  for (const mode of MODE_NAMES) {
    for (const side of orderOfPair(pair)) {
      const { bots, warmUp, updates } = options;
      const result = await measure({ mode, side, seed, bots, warmUp, updates }, gradients);
      results.push(result);
      if (options.json === true) console.log(JSON.stringify(result));
      else process.stderr.write(`${mode}, ${side}: ${result.updatesPerSecond.toFixed(0)} updates/s\n`);
    }
  }
}
if (options.json !== true) console.log(ratesTable(results));
process.exit(0);
