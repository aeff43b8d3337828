import { afterEach, describe, expect, it } from 'vitest';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { noiseShard } from '../client/engines/testing/contract.ts';
import { createWasmEngine } from '../shared/engine/wasm/engine.ts';
import { unitOrder } from '../shared/engine/unit.ts';
import { initialParameters } from '../shared/model/initialise.ts';
import { thorough } from '../shared/testing/thorough.ts';
import { lenet } from '../server/zoo/lenet.ts';
import { call, openEnginePage } from './support/remoteEngine.ts';
import { openBrowser, openTab } from './support/tabs.ts';
import { Cleanup, startServer, temporaryFolder, type TestServer } from './support/testServer.ts';
import { startWorkerProcess } from './support/workerProcess.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SLOW_MS = 110_000;
const PATIENCE = { timeout: 60_000, interval: 20 };
/** `npm run prove` plays longer runs with more crowds. */
const COMMITS = thorough ? 12 : 6;
const REPEATABLE = ['--repeatable', '--round-size', '2', '--seed', '4'];
const LIMITED = [...REPEATABLE, '--max-commits', String(COMMITS), '--evaluate-every', '0'];

/** A worker without a browser, so many times slower than it could be. */
function startWorker(server: TestServer, own: Cleanup, slowdown = 1) {
  const { url, log } = server;
  const workers = startNodeWorkers({
    server: url,
    join: '',
    workers: 1,
    selfSigned: false,
    slowdown,
    hear: troublesOf('worker', (line) => log.push(line)),
  });
  own.add(() => workers.close());
}

interface Result {
  hash: string;
  version: number;
  /** Versions that were measured. */
  measured: number[];
  /** What the devices say of their engines. */
  engines: string[];
}

/** Runs to the end with those that `crowd` brings. */
async function resultOf(
  flags: string[],
  crowd: (server: TestServer, own: Cleanup) => unknown,
): Promise<Result> {
  const own = new Cleanup();
  try {
    const server = await startServer(own, flags);
    await crowd(server, own);
    await server.training.run.ended();
    const { training } = server;
    return {
      hash: await server.hash(),
      version: training.coordinator.version,
      measured: training.run.measurements.map(({ version }) => version),
      engines: server.snapshot().devices.map(({ profile }) => profile.engine?.detail ?? 'none'),
    };
  } finally {
    await own.run();
  }
}

const workers =
  (...slowdowns: number[]) =>
  (server: TestServer, own: Cleanup) => {
    for (const slowdown of slowdowns) startWorker(server, own, slowdown);
  };

let known: Promise<Result> | null = null;
/** What two workers come to whom nothing disturbs. */
const undisturbed = () => (known ??= resultOf(LIMITED, workers(1, 1)));

const CROWDS = thorough ? [workers(1, 6), workers(1), workers(2, 1, 3)] : [workers(1)];

describe('a repeatable run', () => {
  it(
    '[RN8] [EN9] [LS10] gives the same model by two workers and by another number of them',
    async () => {
      const first = await undisturbed();
      expect(first).toMatchObject({ version: COMMITS, engines: ['SIMD', 'SIMD'] });
      for (const crowd of CROWDS) {
        expect((await resultOf(LIMITED, crowd)).hash).toBe(first.hash);
      }
      const otherSeed = await resultOf([...LIMITED, '--seed', '5'], workers(1, 1));
      expect(otherSeed.hash).not.toBe(first.hash);
    },
    SLOW_MS,
  );

  it(
    '[RN8] [PO6] gives the same model where a worker is killed on the way',
    async () => {
      const { hash } = await undisturbed();
      const disturbed = await resultOf(LIMITED, async (server, own) => {
        const victim = startWorkerProcess(own, server.url);
        // The other one is slow, so that the first is amid a round when it ends.
        startWorker(server, own, 8);
        await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(1);
        await victim.kill();
        expect(server.training.coordinator.version).toBeLessThan(COMMITS);
      });
      expect(disturbed.hash).toBe(hash);
    },
    SLOW_MS,
  );

  it.runIf(thorough)(
    '[RN9] [RN8] ends at the same version where it has a target, however long measuring takes',
    async () => {
      const flags = [...REPEATABLE, '--target', '0.8', '--evaluate-every', '2'];
      const one = await resultOf(flags, workers(1, 1));
      const other = await resultOf(flags, workers(1, 4));
      expect(other).toMatchObject({ hash: one.hash, version: one.version, measured: one.measured });
      expect(one.measured.every((version) => version % 2 === 0)).toBe(true);
      expect(one.version).toBe(one.measured.at(-1));
    },
    SLOW_MS,
  );

  it.runIf(thorough)(
    '[RN8] [CK8] gives the same model where its server ended and was started again on the way',
    async () => {
      const whole = await undisturbed();
      const folder = ['--data-dir', await temporaryFolder(cleanup)];
      const half = ['--max-commits', String(COMMITS / 2)];
      await resultOf([...LIMITED, ...folder, ...half], workers(1, 1));
      const rest = [...folder, '--max-commits', String(COMMITS)];
      expect(await resultOf(rest, workers(1, 1))).toMatchObject({ hash: whole.hash, version: COMMITS });
    },
    SLOW_MS,
  );

  it(
    '[EN18] [RN8] gives the same model in a tab of Chromium as in Node',
    async () => {
      const inNode = await undisturbed();
      const inTabs = await resultOf(LIMITED, async (server, own) => {
        const browser = await openBrowser(own);
        await openTab(browser, server.url);
        // Two workers in threads of their own.
        await openTab(browser, server.url, { query: 'engine=webgpu&workers=2' });
      });
      expect(inTabs).toMatchObject({ hash: inNode.hash, engines: ['SIMD', 'SIMD'] });
    },
    SLOW_MS,
  );

  it(
    '[EN18] a unit gives the same bytes in Chromium and in Node where it is strict, and not where it is not',
    async () => {
      const page = await openEnginePage(cleanup, await openBrowser(cleanup));
      const data = noiseShard(lenet.spec, 60, 3);
      const order = unitOrder(1, 0, 60, 480);
      const local = { batch: 4, lr: 0.06, momentum: 0.5 };
      const parameters = initialParameters(lenet.spec, 1);
      const here = await createWasmEngine(lenet.spec, { relaxed: false });
      await here.hold(data);
      const { delta } = await here.train(parameters, order, local);
      const there = async (arithmetic: 'strict' | 'fastest') => {
        const { id } = await call(page, 'create', 'wasm', lenet.spec, arithmetic);
        const { samples, shape, images, labels } = data;
        await call(page, 'hold', id, { samples, shape, images: [...images], labels: [...labels] });
        return (await call(page, 'train', id, [...parameters], [...order], local)).delta;
      };
      expect(await there('strict')).toEqual([...delta]);
      expect(await there('fastest')).not.toEqual([...delta]);
    },
    SLOW_MS,
  );

  it.runIf(thorough)(
    '[RN8] without the setting nothing of that holds: another number of workers makes another model',
    async () => {
      const flags = ['--mode', 'sync', '--seed', '4', '--max-commits', '4', '--evaluate-every', '0'];
      /** All of them are there before the first lease. */
      const together =
        (...slowdowns: number[]) =>
        async (server: TestServer, own: Cleanup) => {
          server.training.run.pause();
          workers(...slowdowns)(server, own);
          const idle = () => server.snapshot().devices.filter(({ state }) => state === 'idle').length;
          await expect.poll(idle, PATIENCE).toBe(slowdowns.length);
          await server.training.run.start();
        };
      const one = await resultOf(flags, together(1));
      const two = await resultOf(flags, together(1, 1));
      expect(two.hash).not.toBe(one.hash);
    },
    SLOW_MS,
  );
});
