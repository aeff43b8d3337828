import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { createWasmEngine } from '../shared/engine/wasm/engine.ts';
import { newestCheckpoint } from './support/newestCheckpoint.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

/* A real server on a machine whose date is set while it trains. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const HOUR_MS = 3_600_000;
/** What a unit takes longer while the date is set: far from the target until then. */
const SLOW_MS = 50;
const PATIENCE = { timeout: 30_000 };

/** The date of this machine, as this process reads it, and how to set it. */
function settableDate() {
  const read = Date.now.bind(Date);
  let ahead = 0;
  const spied = vi.spyOn(Date, 'now').mockImplementation(() => read() + ahead);
  cleanup.add(() => spied.mockRestore());
  return {
    today: () => new Date(Date.now()),
    setAhead: (milliseconds: number) => void (ahead = milliseconds),
  };
}

it('[TI1] a run measures, reaches its target and keeps its time though the date is set back and forward', async () => {
  const date = settableDate();
  const folder = await temporaryFolder(cleanup);
  // An hour too many would end the run.
  const limits = ['--target', '0.8', '--max-seconds', '1800'];
  const flags = ['--data-dir', folder, '--model', 'ray-convnet', '--evaluate-every', '1', ...limits];
  const server = await startServer(cleanup, flags, { calendar: date });
  const { run, coordinator } = server.training;
  const begun = date.today().getTime();
  const engine = await createWasmEngine(server.config.spec);
  let pace = () => sleep(SLOW_MS);
  const gradient = engine.gradient.bind(engine);
  engine.gradient = async (...work) => {
    await pace();
    return gradient(...work);
  };
  startScriptedWorker(cleanup, server.url, {}, engine);

  await expect.poll(() => run.measurements.length, PATIENCE).toBeGreaterThan(0);
  date.setAhead(-HOUR_MS);
  const measured = run.measurements.length;
  await expect.poll(() => run.measurements.length, PATIENCE).toBeGreaterThan(measured);
  expect(run.seconds).toBeGreaterThan(0);
  date.setAhead(HOUR_MS);
  pace = () => Promise.resolve();
  await run.ended();

  expect(run.status()).toMatchObject({ state: 'stopped', stop: 'target', version: coordinator.version });
  const times = run.measurements.map(({ seconds }) => seconds);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(times[0]).toBeGreaterThan(0);
  const kept = await newestCheckpoint(folder);
  expect(kept.seconds).toBe(run.seconds);
  // Dates are the machine's, whatever they are.
  expect(Date.parse(kept.savedAt)).toBeGreaterThanOrEqual(begun + HOUR_MS);
});
