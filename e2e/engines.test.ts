import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { afterEach, describe, expect, it } from 'vitest';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';
import { loseContexts, loseDevices, openBrowser, openPage, openTab } from './support/tabs.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 50_000 };
const SLOW_MS = 120_000;
/** Small units, so that one is done soon whatever trains. */
const RUN = ['--model', 'ray-convnet', '--batch', '8', '--evaluate-every', '0'];

/** The pages with one sign of the fused engine flipped: its local steps go uphill. */
async function wrongPages(): Promise<string> {
  let flipped = 0;
  const flip: Plugin = {
    name: 'flip-a-sign',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/shared/engine/wasm/update.ts')) return null;
      flipped++;
      return code.replace('f32x4.sub(v128.load(at.get)', 'f32x4.add(v128.load(at.get)');
    },
  };
  const folder = await temporaryFolder(cleanup);
  await build({
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    logLevel: 'error',
    worker: { format: 'es', plugins: () => [flip] },
    build: { outDir: folder, emptyOutDir: true },
  });
  expect(flipped).toBeGreaterThan(0);
  return folder;
}

describe('engines', () => {
  it(
    '[EN15] a tab whose fused engine computes wrongly says so to the admin, and trains on with the next',
    async () => {
      const server = await startServer(cleanup, RUN, { pages: await wrongPages() });
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url);
      await expect.poll(() => server.snapshot().devices[0]?.applied ?? 0, PATIENCE).toBeGreaterThan(0);
      expect(await page.getByTestId('engine').getAttribute('data-value')).toBe('webgpu');
      const admin = await openPage(browser, server.adminUrl);
      const trial = admin.getByTestId('trial');
      await expect.poll(() => trial.getAttribute('data-value'), PATIENCE).toBe('wasm:wrong');
      expect(await trial.textContent()).toMatch(/^WebAssembly gave a wrong answer: delta of .* is off by \d/);
    },
    SLOW_MS,
  );

  it(
    '[EN12] a tab that trains on the fused engine fetches no tfjs, and little else',
    async () => {
      const server = await startServer(cleanup, RUN);
      const fetched = new Map<string, number>();
      // A data channel is opened once the first update was answered.
      const beforeTraining = () => [...fetched].filter(([name]) => !name.includes('pagePeer'));
      const page = await openTab(await openBrowser(cleanup), server.url, {
        query: 'workers=2',
        prepare: (fresh) => {
          // Playwright has no sizes of what workers fetch, but the server's headers of everything.
          fresh.context().on('response', (response) => {
            const { pathname } = new URL(response.url());
            if (/\.(js|wasm)$/.test(pathname))
              fetched.set(pathname, Number(response.headers()['content-length']));
          });
          return Promise.resolve();
        },
      });
      const row = () => server.snapshot().devices[0];
      await expect.poll(() => row()?.profile.workers, PATIENCE).toBe(2);
      await expect.poll(() => row()?.applied ?? 0, PATIENCE).toBeGreaterThan(5);
      expect(await page.getByTestId('engine').getAttribute('data-value')).toBe('wasm');
      const names = beforeTraining()
        .map(([name]) => name)
        .join(' ');
      expect(names).toContain('webWorkerMain');
      expect(names).not.toMatch(/tfjs|webgpu/);
      const bytes = beforeTraining().reduce((sum, [, size]) => sum + size, 0);
      expect(bytes).toBeGreaterThan(40_000);
      expect(bytes, names).toBeLessThan(100_000);
    },
    SLOW_MS,
  );

  it(
    '[EN6] a tab whose GPU is lost says so to the admin, and trains on with the next engine',
    async () => {
      const server = await startServer(cleanup, RUN);
      const page = await openTab(await openBrowser(cleanup), server.url, { query: 'engine=webgpu' });
      const row = () => server.snapshot().devices[0];
      await expect.poll(() => row()?.applied ?? 0, PATIENCE).toBeGreaterThan(0);
      expect(row()?.profile.engine?.name).toBe('webgpu');
      const [worker] = page.workers();
      if (worker === undefined) throw new Error('nothing trains');
      await loseDevices(worker);
      await expect.poll(() => row()?.profile.engine?.name, PATIENCE).toBe('wasm');
      const { applied = 0, profile } = row() ?? {};
      expect(profile?.trials).toContainEqual(expect.objectContaining({ name: 'webgpu', verdict: 'failed' }));
      await expect.poll(() => row()?.applied ?? 0, PATIENCE).toBeGreaterThan(applied + 3);
    },
    SLOW_MS,
  );

  it(
    '[EN10] [EN6] a tab whose WebGL context is lost says so to the admin, and trains on with the next engine',
    async () => {
      const server = await startServer(cleanup, RUN);
      const page = await openTab(await openBrowser(cleanup), server.url, { query: 'engine=tfjs-webgl' });
      const row = () => server.snapshot().devices[0];
      await expect.poll(() => row()?.applied ?? 0, PATIENCE).toBeGreaterThan(0);
      expect(row()?.profile.engine?.name).toBe('tfjs-webgl');
      const [worker] = page.workers();
      if (worker === undefined) throw new Error('nothing trains');
      await loseContexts(worker);
      // Well below the time limit of a call that never answers.
      await expect.poll(() => row()?.profile.engine?.name, { timeout: 15_000 }).toBe('wasm');
      const { applied = 0, profile } = row() ?? {};
      expect(profile?.trials).toContainEqual(
        expect.objectContaining({
          name: 'tfjs-webgl',
          verdict: 'failed',
          reason: 'the WebGL context was lost',
        }),
      );
      await expect.poll(() => row()?.applied ?? 0, PATIENCE).toBeGreaterThan(applied + 3);
    },
    SLOW_MS,
  );

  it(
    '[LS8] a tab trains with as many workers as it is told to, and comes to the same as one would',
    async () => {
      const server = await startServer(cleanup, RUN);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url, { query: 'workers=3' });
      const row = () => server.snapshot().devices[0];
      await expect.poll(() => row()?.profile.workers, PATIENCE).toBe(3);
      const before = row()?.applied ?? 0;
      await expect.poll(() => row()?.applied ?? 0, PATIENCE).toBeGreaterThan(before + 30);
      expect(row()).toMatchObject({ lost: 0, profile: { engine: { name: 'wasm' } } });
      expect(await page.getByTestId('engine').textContent()).toContain('3 workers');
      await page.getByTestId('toggle').click();
      await expect.poll(() => row()?.state, PATIENCE).toBe('gone');
    },
    SLOW_MS,
  );

  it.each([
    ['http', []],
    ['a certificate of its own', ['--https']],
  ])(
    '[UN3] workers without a browser train by local steps over %s, and leave when told to',
    async (_name, flags) => {
      const units = ['--batch', '8', '--local-steps', '3', '--max-commits', '4', '--placement', 'uniform'];
      const server = await startServer(cleanup, [...units, ...flags]);
      const log: string[] = [];
      const workers = startNodeWorkers({
        server: server.url,
        join: '',
        workers: 2,
        selfSigned: flags.length > 0,
        hear: troublesOf('worker', (line) => log.push(line)),
      });
      cleanup.add(() => workers.close());
      await server.training.run.ended();
      expect(server.training.run.status()).toMatchObject({ version: 4, stop: 'max-commits' });
      const { devices } = server.snapshot();
      expect(devices.map(({ profile }) => profile.engine?.name)).toEqual(['wasm', 'wasm']);
      expect(devices.map(({ samples }) => samples % 24)).toEqual([0, 0]);
      await workers.close();
      expect(await workers.ended).toBe('closed');
      await expect
        .poll(() => server.snapshot().devices.map(({ state }) => state), PATIENCE)
        .toEqual(['gone', 'gone']);
      expect(log).toEqual([]);
    },
  );
});
