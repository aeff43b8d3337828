import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const RUN = ['--mode', 'sync', '--round-size', '1', '--evaluate-every', '0', '--lease-seconds', '3600'];

describe('--resume', () => {
  it('[CK8] goes on from the newest checkpoint: version, parameters, optimizer, settings, measurements', async () => {
    const folder = await temporaryFolder(cleanup);
    const flags = [...RUN, '--data-dir', folder, '--optimizer', 'momentum', '--lr', '0.02'];
    const first = await startServer(cleanup, [...flags, '--max-commits', '10']);
    startScriptedWorker(cleanup, first.url);
    await first.training.run.ended();
    const hash = await first.hash();
    const { samples } = first.training.run.status();
    const measured = first.training.run.measurements.at(-1);
    await first.close();

    const second = await startServer(cleanup, ['--data-dir', folder, '--resume', '--max-commits', '15']);
    expect(second.config).toMatchObject({ mode: 'sync', optimizer: 'momentum', lr: 0.02, roundSize: 1 });
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

  it('[CK18] refuses the checkpoint of another model or optimizer by name', async () => {
    const folder = await temporaryFolder(cleanup);
    const first = await startServer(cleanup, [...RUN, '--data-dir', folder, '--max-commits', '1']);
    startScriptedWorker(cleanup, first.url);
    await first.training.run.ended();
    await first.close();
    const again = (...flags: string[]) => startServer(cleanup, ['--data-dir', folder, '--resume', ...flags]);
    await expect(again('--model', 'cnn-32-64')).rejects.toThrow('lenet');
    await expect(again('--optimizer', 'adam')).rejects.toThrow('sgd');
  });

  it('[CK7] a fresh run sets an earlier one aside', async () => {
    const folder = await temporaryFolder(cleanup);
    for (let run = 0; run < 2; run++) {
      const server = await startServer(cleanup, [...RUN, '--data-dir', folder, '--max-commits', '1']);
      startScriptedWorker(cleanup, server.url);
      await server.training.run.ended();
      await server.close();
    }
    expect((await readdir(join(folder, 'checkpoints'))).sort()).toEqual([
      'checkpoint-0000000001.safetensors',
      'earlier-1',
    ]);
  });
});
