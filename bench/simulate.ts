import { Command, InvalidArgumentError } from 'commander';
import { Simulation } from '../server/core/testing/simulation.ts';

/** `npm run simulate`: plays random histories of a server and its devices, and stops at the first that breaks a rule. */

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It is a whole number from 0 on.');
  return value;
}

const { seed, count, history } = new Command('simulate')
  .description('Plays random histories of a server and its devices. A seed gives the same history each time.')
  .option('--seed <number>', 'the first seed', whole, 1)
  .option('--count <number>', 'how many seeds, one after another', whole, 1)
  .option('--history', 'print all that happened')
  .parse()
  .opts<{ seed: number; count: number; history?: true }>();

let commits = 0;
for (let played = 0; played < count; played++) {
  const simulation = new Simulation(seed + played);
  try {
    simulation.run();
  } catch (error) {
    if (history === true) console.log(simulation.history.join('\n'));
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
  if (history === true) console.log(simulation.history.join('\n'));
  commits += simulation.commits;
}
console.log(`${count} histories from seed ${seed} on keep every rule, with ${commits} commits.`);
