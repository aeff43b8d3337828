import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zoo } from '../zoo/index.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { sampleCheckpoint } from '../store/fixtures/samples.ts';
import { prepareRun, type PreparedRun } from './startState.ts';
import { loadConfig, settingsOf } from '../config/config.ts';
import { encodeCheckpoint } from '../store/format.ts';

describe('the data folder of a run', () => {
  let parent: string;
  let opened: PreparedRun[];
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'tabswarm-begin-'));
    opened = [];
  });
  afterEach(async () => {
    for (const { folder } of opened) await folder.close();
    await rm(parent, { recursive: true });
  });
  const calendar = { today: () => new Date() };
  const notes: string[] = [];
  const begin = async (folder: string, ...flags: string[]) => {
    notes.length = 0;
    const model = flags.includes('--model') ? [] : ['--model', 'ray-convnet'];
    const argv = ['--data-dir', folder, ...model, ...flags];
    const begun = await prepareRun({
      load: (remembered) => loadConfig('start', argv, {}, remembered),
      temporary: null,
      clock: new VirtualClock(),
      calendar,
      note: (line) => void notes.push(line),
    });
    opened.push(begun);
    return begun;
  };

  /** Starts a run and saves a checkpoint of it, as a server does that is killed then. */
  const train = async (folder: string, version: number, ...flags: string[]) => {
    const begun = await begin(folder, ...flags);
    await begun.record.started('00000000', settingsOf(begun.config), new Date());
    const { spec: model } = begun.config;
    await begun.record.save({ ...sampleCheckpoint(version), model });
    return begun;
  };

  it('[CK11] is kept from a second server, which changes nothing', async () => {
    const folder = join(parent, 'data');
    const { folder: first } = await train(folder, 3);
    const before = await readdir(folder, { recursive: true });
    await expect(begin(folder)).rejects.toThrow(`in use by another server: process ${process.pid}`);
    await symlink('data', join(parent, 'link'));
    await expect(begin(join(parent, 'link'), '--new')).rejects.toThrow('in use by another server');
    expect(await readdir(folder, { recursive: true })).toEqual(before);
    await first.close();
    await begin(folder);
    expect(notes).toEqual([expect.stringContaining('from version 3, saved at 2026-01-02T03:04:05.678Z.')]);
  });

  it('[CK7] keeps the run of before, with its checkpoints, where another begins', async () => {
    const folder = join(parent, 'data');
    const one = await train(folder, 3);
    await one.folder.close();
    const other = await train(folder, 1, '--new');
    expect(other.record.run).not.toBe(one.record.run);
    expect(other.start).toMatchObject({ version: 0, measurements: [], state: 'running' });
    const versions = async (run: string) =>
      (await other.folder.checkpoints.list(run)).map(({ version }) => version);
    expect([await versions(one.record.run), await versions(other.record.run)]).toEqual([[3], [1]]);
    await other.folder.close();
    expect((await begin(folder)).record.run).toBe(other.record.run);
  });

  it('[CK7] begins another run for a demo', async () => {
    const folder = join(parent, 'data');
    const one = await train(folder, 3);
    await one.folder.close();
    const other = await prepareRun({
      load: (remembered) => loadConfig('demo', ['--data-dir', folder], {}, remembered),
      temporary: null,
      clock: new VirtualClock(),
      calendar,
      note: () => undefined,
    });
    opened.push(other);
    expect(other.start.version).toBe(0);
    expect(other.record.run).not.toBe(one.record.run);
  });

  it('[CK8] [CK25] goes on from the newest checkpoint, with the measurements up to it', async () => {
    const folder = join(parent, 'data');
    const first = await train(folder, 3);
    const measurement = { version: 2, samples: 256, seconds: 0.5, testAccuracy: 0.4, testLoss: 2 };
    await first.record.addMeasurement(measurement);
    await first.record.addMeasurement({ ...measurement, version: 4 });
    await first.folder.close();
    const { start, record } = await begin(folder);
    const { samples, seconds, parameters, savedAt } = sampleCheckpoint(3);
    expect(record.run).toBe(first.record.run);
    expect(start).toMatchObject({ version: 3, samples, seconds, savedAt, measurements: [measurement] });
    expect(start.parameters).toEqual(parameters);
  });

  it('[CK8] goes on from its beginning where the run has no checkpoint yet', async () => {
    const folder = join(parent, 'data');
    const first = await begin(folder, '--seed', '7');
    await first.record.started('00000000', settingsOf(first.config), new Date());
    await first.folder.close();
    const { start, record, config } = await begin(folder);
    expect([record.run, config.seed]).toEqual([first.record.run, 7]);
    expect(start.parameters).toEqual(first.start.parameters);
    expect(notes).toEqual([`Going on with run ${record.run} from its beginning.`]);
  });

  it('[CK28] goes on from an older checkpoint that is kept, where that is asked for', async () => {
    const folder = join(parent, 'data');
    const first = await train(folder, 3);
    await first.record.save(sampleCheckpoint(5));
    await first.folder.close();
    await expect(begin(folder, '--checkpoint', '4')).rejects.toThrow(
      `run ${first.record.run} has no checkpoint of version 4: it keeps 5, 3`,
    );
    const again = await begin(folder, '--checkpoint', '3');
    expect(again.start.version).toBe(3);
    await again.folder.close();
    expect((await begin(folder)).start.version).toBe(5);
    await expect(begin(join(parent, 'empty'), '--checkpoint', '4')).rejects.toThrow(
      'there is no run yet that has a checkpoint of version 4',
    );
  });

  it.each([
    [
      'paused',
      null,
      [],
      'paused',
      ' It is paused, as it was: start it in the console or by npm run control.',
    ],
    [
      'stopped',
      'stopped',
      [],
      'stopped',
      ' It was stopped by its operator and is served as it ended: --new begins another run.',
    ],
    [
      'stopped',
      'max-commits',
      [],
      'stopped',
      ' It reached its limit of commits and is served as it ended: --new begins another run.',
    ],
    ['stopped', 'max-commits', ['--max-commits', '9'], 'running', ''],
    ['stopped', 'target', ['--target', 'none'], 'running', ''],
    [
      'stopped',
      'stopped',
      ['--target', 'none'],
      'stopped',
      ' It was stopped by its operator and is served as it ended: --new begins another run.',
    ],
  ] as const)(
    '[RN21] of a run that was %s (%s) and is started with %j has it %s',
    async (state, stop, flags, now, said) => {
      const folder = join(parent, 'data');
      const first = await train(folder, 3, '--max-commits', '3', '--target', '0.99');
      await first.record.keepState(state, stop);
      await first.folder.close();
      const { start } = await begin(folder, ...flags);
      expect(start.state).toBe(now);
      expect(notes[0]).toBe(
        `Going on with run ${first.record.run} from version 3, saved at ${sampleCheckpoint(3).savedAt}.${said}`,
      );
    },
  );

  it('[MD12] is used by a run of a model with more outputs than classes, which is said', async () => {
    const path = join(parent, 'wide.json');
    const layers = [{ kind: 'flatten' }, { kind: 'dense', units: 12 }];
    await writeFile(path, JSON.stringify({ ...zoo.get('lenet')?.spec, name: 'wide', layers }));
    const { start } = await begin(join(parent, 'data'), '--model', path);
    expect(start.parameters).toHaveLength(784 * 12 + 12);
    expect(notes).toEqual([
      'wide has 12 outputs, MNIST has 10 classes: no image belongs to the other outputs.',
    ]);
  });

  it.each([
    [
      ['--model', 'lenet'],
      /^run [0-9a-f]{12} has the model ray-convnet, not lenet: --new begins another run$/,
    ],
    [
      ['--optimizer', 'momentum'],
      /^run [0-9a-f]{12} has the optimizer adam, not momentum: --new begins another run$/,
    ],
  ])(
    '[CK18] [CK11] is released by a server that is asked for another %j than the run has',
    async (flags, refusal) => {
      const folder = join(parent, 'data');
      const first = await train(folder, 3);
      await first.folder.close();
      await expect(begin(folder, ...flags)).rejects.toThrow(refusal);
      // It did not go on from anything, and does not say so.
      expect(notes).toEqual([]);
      expect(await readdir(folder)).not.toContain('server.lock');
      expect((await begin(folder, ...flags, '--new')).start.version).toBe(0);
    },
  );

  it('[CF2] begins with fresh state where the optimizer was changed after the checkpoint', async () => {
    const folder = join(parent, 'data');
    const first = await train(folder, 3);
    const { spec: model } = first.config;
    await first.record.save({ ...sampleCheckpoint(4), model, settings: settingsOf(first.config) });
    await first.record.keepSettings({ ...settingsOf(first.config), optimizer: 'momentum' });
    await first.folder.close();
    const { start, config } = await begin(folder);
    expect([start.version, config.optimizer]).toEqual([4, 'momentum']);
    expect(start.optimizerState).toEqual({ slots: { velocity: new Float32Array(1960) }, scalars: {} });
  });

  it('[DS15] does not go on with a run of another data set', async () => {
    const folder = join(parent, 'data');
    const first = await begin(folder);
    const job = { model: first.config.spec, dataset: 'squares', settings: settingsOf(first.config) };
    const record = await first.folder.runs.begin(job, new Date());
    await record.started('00000000', settingsOf(first.config), new Date());
    await first.folder.close();
    await expect(begin(folder)).rejects.toThrow(
      `run ${record.run} has the data set squares, not mnist: --new begins another run`,
    );
  });

  it('[ST10] [CK17] of before the store is gone on with, in its data set and with its settings', async () => {
    const folder = join(parent, 'data');
    await mkdir(join(folder, 'checkpoints'), { recursive: true });
    const file = join(folder, 'checkpoints', 'checkpoint-0000000003.safetensors');
    const settings = { model: 'ray-convnet', optimizer: 'sgd', lr: 0.5 };
    await writeFile(file, encodeCheckpoint({ ...sampleCheckpoint(3), settings }));
    const { start, config } = await begin(folder);
    expect([start.version, config.dataset, config.lr]).toEqual([3, 'mnist', 0.5]);
    expect(await readdir(join(folder, 'checkpoints'))).toHaveLength(1);
  });

  it('[CK10] may have any name, and folders above it that are missing are made', async () => {
    const folder = join(parent, ' a b#c?%20', 'd\'e"f\ng', 'ü😀');
    await begin(folder);
    expect((await readdir(folder)).sort()).toEqual([
      'blobs',
      'server.key',
      'server.lock',
      'store.mdb',
      'store.mdb-lock',
    ]);
    expect(await readdir(join(folder, 'blobs'))).toEqual([]);
  });

  it('[CK21] that is a file, lies below one or is a link to nothing is refused', async () => {
    await writeFile(join(parent, 'file'), '');
    await symlink('nowhere', join(parent, 'link'));
    await expect(begin(join(parent, 'file'))).rejects.toThrow(`${join(parent, 'file')} is not a folder`);
    await expect(begin(join(parent, 'file', 'below'))).rejects.toThrow('not a directory (ENOTDIR)');
    await expect(begin(join(parent, 'link'))).rejects.toThrow('it is a link to nothing');
    await mkdir(join(parent, 'data'));
    await begin(join(parent, 'data')).then(({ folder }) => folder.close());
    await rm(join(parent, 'data', 'blobs'), { recursive: true });
    await writeFile(join(parent, 'data', 'blobs'), '');
    await expect(begin(join(parent, 'data'))).rejects.toThrow('blobs is not a folder');
  });

  it.skipIf(process.platform !== 'linux')('[CK21] where nothing can be made is refused by name', async () => {
    await expect(begin('/proc/tabswarm/data')).rejects.toThrow(
      'the folder /proc/tabswarm cannot be made: its file system allows none there',
    );
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    '[CK21] of another user is refused by name',
    async () => {
      await expect(begin('/usr/tabswarm')).rejects.toThrow(
        'the folder /usr/tabswarm cannot be made: permission denied (EACCES)',
      );
    },
  );
});
