import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startCommand } from '../../e2e/support/commandProcess.ts';
import { Cleanup, temporaryFolder } from '../../e2e/support/testServer.ts';
import type { Mode } from '../../server/core/policy/modes.ts';
import { startBots, type Gradients } from './bots.ts';
import { LINEAR } from './model.ts';
import { CREDENTIAL, SIDES, type SideName } from './sides.ts';
import { Stopwatch, type StopwatchSettings, type Timed } from './stopwatch.ts';

/** Images of a data shard of MNIST: each unit is of a whole one. */
const SAMPLES = 1000;

export interface MeasureSpec extends Pick<StopwatchSettings, 'warmUp' | 'updates'> {
  mode: Mode;
  side: SideName;
  seed: number;
  bots: number;
}

export interface Measured extends MeasureSpec, Timed {}

/**
 * Every unit is the gradient of a whole data shard. The rate is so small that no weight changes: what a unit comes to is
 * known before, and audits find it right.
 */
const FLAGS = [
  ...['--host', '127.0.0.1', '--port', '0', '--join', CREDENTIAL, '--open'],
  ...['--batch', String(SAMPLES), '--lr', '1e-30', '--optimizer', 'sgd'],
  ...['--evaluate-every', '0', '--average', 'none'],
];

/** Starts a server and its devices, and times their updates. @throws {Error} where a device fails. */
export async function measure(spec: MeasureSpec, gradients: Gradients): Promise<Measured> {
  const { mode, side, seed, bots, warmUp, updates } = spec;
  const cleanup = new Cleanup();
  try {
    const folder = await temporaryFolder(cleanup);
    const model = join(folder, 'linear.json');
    await writeFile(model, JSON.stringify(LINEAR));
    const own = ['--model', model, '--mode', mode, '--seed', String(seed), '--data-dir', folder];
    const server = startCommand(cleanup, 'start', [...FLAGS, ...own, ...SIDES[side].flags]);
    const url = /http:\S+?(?=\/?(\s|$))/.exec(await server.said(/^join/))?.[0] ?? '';
    const threadMs = () => threadMsOf(server.pid);
    const watch = new Stopwatch({ warmUp, updates, now: () => performance.now(), threadMs });
    const timed = await new Promise<Timed>((resolve, reject) => {
      startBots(cleanup, {
        server: url,
        join: SIDES[side].join,
        bots,
        gradients,
        status: ({ samples }) => {
          const found = watch.read(samples / SAMPLES);
          if (found !== null) resolve(found);
        },
        failed: (message) => {
          reject(new Error(`${side}, ${mode}: ${message}`));
        },
      });
    });
    return { ...spec, ...timed };
  } finally {
    await cleanup.run();
  }
}

/** A tick of Linux, which counts processor time by it. */
const TICK_MS = 10;

/** Processor time of the main thread of a process, in milliseconds; null on another system than Linux. */
function threadMsOf(pid: number): number | null {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return user === undefined || system === undefined ? null : TICK_MS * (user + system);
  } catch {
    return null;
  }
}
