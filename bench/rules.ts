import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { PARTITIONS } from './trust/images.ts';
import { cellOf, COLUMNS, RULE_ROW_NAMES, WORK_NAMES, type RuleCell } from './rules/cells.ts';
import { tablesOf, type RuleResult } from './rules/table.ts';
import { HONEST } from './trust/cells.ts';
import { someOf, whole } from './trust/options.ts';
import { runCells } from './trust/threads.ts';

/**
 * `npm run bench:rules`: trains `lenet` by each aggregation rule where nothing is audited, as for data that are not the
 * server's: 25 devices that train on images of their own, of which five are hostile, in the process of the server under a
 * clock that is turned by hand. A table for each kind of work and each division of the images.
 */
const command = new Command('bench:rules')
  .description('Trains by each aggregation rule without audits, five of 25 devices hostile.')
  .addOption(someOf('--rule', 'aggregation rules', RULE_ROW_NAMES))
  .addOption(someOf('--work', 'what an update is of', WORK_NAMES))
  .addOption(someOf('--data', 'how images are divided', PARTITIONS))
  .addOption(someOf('--attack', 'what hostile devices do', [HONEST, ...COLUMNS]))
  .option('--seed <number>', 'seed of the run and of its devices', whole, 1)
  .option('--threads <number>', 'cells at a time', whole, availableParallelism())
  .option('--json', 'print a line of JSON for each cell')
  .parse();
const { rule, work, data, attack, seed, threads, json } = command.opts<{
  rule: RuleCell['rule'][];
  work: RuleCell['work'][];
  data: RuleCell['data'][];
  attack: (typeof HONEST | NonNullable<RuleCell['attack']>)[];
  seed: number;
  threads: number;
  json?: true;
}>();

const cells = work.flatMap((work) =>
  data.flatMap((data) =>
    rule.flatMap((rule) =>
      attack.map((name): RuleCell => ({ rule, work, data, attack: name === HONEST ? null : name })),
    ),
  ),
);
const specs = cells.map((cell) => cellOf(cell, seed));
const results: RuleResult[] = [];
await runCells(specs, threads, (result, index) => {
  const cell = cells[index];
  if (cell === undefined) throw new RangeError(`there is no cell ${index}`);
  const { accuracy, commits, seconds } = result;
  results.push({ ...cell, seed, accuracy, commits, seconds });
  if (json === true) console.log(JSON.stringify(results.at(-1)));
  else process.stderr.write(`\r${results.length} of ${cells.length} cells`);
});
if (json !== true) {
  process.stderr.write('\n');
  console.log(tablesOf(results));
}
