import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { stopAndStart } from '../e2e/support/stopAndStart.ts';
import { openBrowser, openTab } from '../e2e/support/tabs.ts';
import { Cleanup, startServer, type TestServer } from '../e2e/support/testServer.ts';

/** `npm run bench:restarts`: how long training needs to go on after an admin stopped and started a run. */

const TIMES = 10;
const PATIENCE_MS = 60_000;
const MODES = ['sync', 'async'];

type Join = (server: TestServer, cleanup: Cleanup) => Promise<unknown>;

const byTab =
  (transport: string): Join =>
  async (server, cleanup) =>
    openTab(await openBrowser(cleanup), server.url, {
      query: `engine=wasm&workers=2&transport=${transport}`,
    });

const byNode: Join = (server, cleanup) => {
  const hear = troublesOf('worker', (line) => console.error(line));
  const running = startNodeWorkers({ server: server.url, join: '', workers: 2, selfSigned: false, hear });
  cleanup.add(() => running.close());
  return Promise.resolve();
};

const DEVICES: Record<string, Join> = {
  'a tab by socket': byTab('socketio'),
  'a tab by data channel': byTab('webrtc'),
  'two workers without a browser': byNode,
};

async function measure(mode: string, join: Join): Promise<number[]> {
  const cleanup = new Cleanup();
  try {
    const server = await startServer(cleanup, ['--mode', mode, '--evaluate-every', '0']);
    await join(server, cleanup);
    const times: number[] = [];
    for (let time = 0; time < TIMES; time++) times.push(await stopAndStart(server, PATIENCE_MS));
    return times.sort((left, right) => left - right);
  } finally {
    await cleanup.run();
  }
}

console.log(`Milliseconds from the start until every device had an update applied, ${TIMES} stops each.\n`);
console.log('| mode | devices | least | median | most |');
console.log('|---|---|---|---|---|');
for (const mode of MODES) {
  for (const [devices, join] of Object.entries(DEVICES)) {
    const times = await measure(mode, join);
    const [least, median, most] = [0, TIMES / 2, TIMES - 1].map((index) => Math.round(times[index] ?? NaN));
    console.log(`| ${mode} | ${devices} | ${least} | ${median} | ${most} |`);
  }
}
process.exit(0);
