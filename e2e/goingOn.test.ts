import { afterEach, describe, expect, it } from 'vitest';
import { API } from '../shared/protocol/admin.ts';
import { post, signIn } from './support/adminClient.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { startServerProcess } from './support/serverProcess.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

/* A server that is started again. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const RUN = ['--mode', 'sync', '--round-size', '1', '--evaluate-every', '0', '--lease-seconds', '3600'];

describe('a server that is started again', () => {
  it('[CK8] [CK17] goes on with its run: version, parameters, optimizer, settings, measurements', async () => {
    const folder = await temporaryFolder(cleanup);
    const flags = [...RUN, '--data-dir', folder, '--optimizer', 'momentum', '--lr', '0.02'];
    const first = await startServer(cleanup, [...flags, '--max-commits', '10']);
    startScriptedWorker(cleanup, first.url);
    await first.training.run.ended();
    const hash = await first.hash();
    const { samples } = first.training.run.status();
    const measured = first.training.run.measurements.at(-1);
    await first.close();

    const second = await startServer(cleanup, ['--data-dir', folder, '--max-commits', '15']);
    expect(second.config).toMatchObject({ mode: 'sync', optimizer: 'momentum', lr: 0.02, roundSize: 1 });
    expect(second.training.id).toBe(first.training.id);
    expect(second.training.incarnation).not.toBe(first.training.incarnation);
    expect(await second.hash()).toBe(hash);
    expect(second.training.run.status()).toMatchObject({
      version: 10,
      samples,
      testAccuracy: measured?.testAccuracy,
    });
    const before = await second.training.run.snapshot();
    expect(before.optimizerState.slots['velocity']?.some((value) => value !== 0)).toBe(true);
    startScriptedWorker(cleanup, second.url);
    await second.training.run.ended();
    expect(second.training.run.status()).toMatchObject({ version: 15, stop: 'max-commits' });
    expect(second.training.run.seconds).toBeGreaterThan(measured?.seconds ?? 0);
  });

  it('[CK8] [RN20] trains on after a kill, with the settings it had', async () => {
    const folder = await temporaryFolder(cleanup);
    const flags = [...RUN, '--data-dir', folder, '--checkpoint-seconds', '0.2', '--lr', '0.02'];
    const first = startServerProcess(cleanup, flags);
    const url = /http:\S+/.exec(await first.said(/^join/))?.[0] ?? '';
    startScriptedWorker(cleanup, url);
    await first.said(/ [1-9]\d* commits/);
    first.signal('SIGKILL');
    await first.ended;
    const second = await startServer(cleanup, ['--data-dir', folder]);
    const { version } = second.training.run.status();
    expect(second.config).toMatchObject({ lr: 0.02, roundSize: 1, evaluateEvery: 0 });
    startScriptedWorker(cleanup, second.url);
    await expect.poll(() => second.training.run.status().version, PATIENCE).toBeGreaterThan(version);
  });

  it('[RN21] leaves a run paused that its operator paused, and stopped that has ended, which is said', async () => {
    const folder = await temporaryFolder(cleanup);
    const first = await startServer(cleanup, [...RUN, '--data-dir', folder]);
    startScriptedWorker(cleanup, first.url);
    await expect.poll(() => first.training.run.status().version, PATIENCE).toBeGreaterThan(0);
    const { cookie } = await signIn(first);
    expect((await post(`${first.url}${API.action('current', 'pause')}`, {}, { cookie })).status).toBe(200);
    await first.training.run.stop('interrupted');
    await first.close();

    const second = await startServer(cleanup, ['--data-dir', folder]);
    expect(second.training.run.status()).toMatchObject({ state: 'paused', stop: null });
    expect(second.begun[0]).toContain('It is paused, as it was');
    await second.training.run.stop('target');
    await second.close();

    const third = await startServer(cleanup, ['--data-dir', folder]);
    expect(third.training.run.status()).toMatchObject({ state: 'stopped', stop: 'target' });
    expect(third.begun[0]).toContain('It reached its target accuracy and is served as it ended');
  });

  it('[CK7] begins another run with --new', async () => {
    const folder = await temporaryFolder(cleanup);
    const flags = [...RUN, '--data-dir', folder, '--max-commits', '1'];
    const first = await startServer(cleanup, flags);
    startScriptedWorker(cleanup, first.url);
    await first.training.run.ended();
    await first.close();
    const second = await startServer(cleanup, [...flags, '--new']);
    expect(second.training.run.status()).toMatchObject({ version: 0, state: 'running' });
    expect(second.training.id).not.toBe(first.training.id);
  });

  it('[CK18] does not go on with another model or optimizer, which is refused by name', async () => {
    const folder = await temporaryFolder(cleanup);
    const first = await startServer(cleanup, [...RUN, '--data-dir', folder, '--max-commits', '1']);
    startScriptedWorker(cleanup, first.url);
    await first.training.run.ended();
    await first.close();
    const again = (...flags: string[]) => startServer(cleanup, ['--data-dir', folder, ...flags]);
    await expect(again('--model', 'cnn-32-64')).rejects.toThrow('has the model lenet, not cnn-32-64: --new');
    await expect(again('--optimizer', 'adam')).rejects.toThrow('has the optimizer sgd, not adam: --new');
  });

  it('[CK29] --resume is refused with what takes its place', async () => {
    const server = startServerProcess(cleanup, ['--resume']);
    expect(await server.ended).toBe(2);
    expect(server.lines).toEqual([
      'tabswarm: --resume: there is no such setting any more: a server goes on with its newest run without it, and --new begins another',
    ]);
  });
});
