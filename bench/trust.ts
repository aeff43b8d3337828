import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { AGGREGATION_NAMES } from '../server/core/aggregation/rules.ts';
import { ATTACKS } from './trust/attacks.ts';
import type { CellResult } from './trust/cell.ts';
import { ALL_DEFENCES, CELL_MODES, cellsOf, quickCells, ROWS, SIZES, type Chosen } from './trust/cells.ts';
import { pairsTable } from './trust/pairs.ts';
import { tableOf } from './trust/table.ts';
import { someOf, whole } from './trust/options.ts';
import { runCells } from './trust/threads.ts';

/**
 * `npm run bench:trust`: trains `lenet` with devices of which some are hostile, in one process under a clock that is
 * turned by hand: the core of a server as it is composed, and devices that compute with the engine that trains. A line
 * of a table for each attack, number of devices, mode and set of defences, or with `--json` a line of JSON as it ends.
 * With several seeds also a table of the pairs with and without defences: mean accuracies, and their differences.
 */

const sizes = Object.keys(SIZES);
const command = new Command('bench:trust')
  .description('Trains with hostile devices among the honest, with and without defences.')
  .addOption(someOf('--attack', 'what hostile devices do', ROWS))
  .addOption(someOf('--size', 'how many devices there are', sizes))
  .addOption(someOf('--mode', 'when updates are committed', CELL_MODES))
  .addOption(someOf('--defences', 'what the server has against them', ALL_DEFENCES))
  .addOption(
    new Option('--rule <name>', 'the aggregation rule, in place of that of the defences').choices(
      AGGREGATION_NAMES,
    ),
  )
  .option('--seed <number>', 'seed of the run and of its devices', whole, 1)
  .option('--seeds <number>', 'as many seeds, from that one on', whole, 1)
  .option('--samples <number>', 'samples of honest devices in a cell', whole)
  .option('--threads <number>', 'cells at a time', whole, availableParallelism())
  .option('--quick', 'six cells that tell whether the defences are there')
  .option('--json', 'print a line of JSON for each cell')
  .addHelpText(
    'after',
    `\nAttacks:\n${Object.entries(ATTACKS)
      .map(([name, { help }]) => `  ${name}: ${help}`)
      .join('\n')}`,
  )
  .parse();
const {
  attack,
  size,
  mode,
  defences,
  rule = null,
  seed,
  seeds,
  samples = null,
  threads,
  quick,
  json,
} = command.opts<{
  attack: Chosen['attacks'];
  size: readonly string[];
  mode: Chosen['modes'];
  defences: Chosen['defences'];
  rule?: string;
  seed: number;
  seeds: number;
  samples?: number;
  threads: number;
  quick?: true;
  json?: true;
}>();

const common = { rule, samples };
const chosen = {
  ...common,
  attacks: attack,
  modes: mode,
  defences,
  sizes: size.map(Number) as Chosen['sizes'][number][],
};
const cells = Array.from({ length: seeds }, (_, index) => seed + index).flatMap((each) =>
  quick === true ? quickCells({ ...common, seed: each }) : cellsOf({ ...chosen, seed: each }),
);
const results: CellResult[] = [];
await runCells(cells, threads, (result) => {
  results.push(result);
  if (json === true) console.log(JSON.stringify(result));
  else process.stderr.write(`\r${results.length} of ${cells.length} cells`);
});
if (json !== true) {
  process.stderr.write('\n');
  const placeOf = (result: CellResult) =>
    cells.findIndex(
      (cell) =>
        cell.attack === result.attack &&
        cell.devices === result.devices &&
        cell.mode === result.mode &&
        cell.seed === result.seed &&
        cell.defences === result.defences,
    );
  console.log(tableOf(results.toSorted((one, other) => placeOf(one) - placeOf(other))));
  if (seeds > 1) console.log(`\n${pairsTable(results)}`);
}
