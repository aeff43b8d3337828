import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zoo } from '../zoo/index.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { sampleCheckpoint } from '../store/fixtures/samples.ts';
import { prepareRun, type PreparedRun } from './startState.ts';
import { loadConfig } from '../config/config.ts';

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
  const notes: string[] = [];
  const begin = async (folder: string, ...flags: string[]) => {
    notes.length = 0;
    const argv = ['--data-dir', folder, '--model', 'ray-convnet', ...flags];
    const begun = await prepareRun({
      load: (remembered) => loadConfig('start', argv, {}, remembered),
      temporary: null,
      clock: new VirtualClock(),
      note: (line) => void notes.push(line),
    });
    opened.push(begun);
    return begun;
  };

  it('[CK11] is kept from a second run, which leaves the checkpoints of the first where they are', async () => {
    const folder = join(parent, 'data');
    const { folder: first } = await begin(folder);
    const path = await first.checkpoints.save(sampleCheckpoint(3));
    const before = await readdir(folder, { recursive: true });
    await expect(begin(folder)).rejects.toThrow(`in use by another server: process ${process.pid}`);
    await symlink('data', join(parent, 'link'));
    await expect(begin(join(parent, 'link'), '--resume')).rejects.toThrow('in use by another server');
    expect(await readdir(folder, { recursive: true })).toEqual(before);
    await first.close();
    await begin(folder);
    expect(notes).toEqual([
      `The checkpoints of an earlier run are now in ${join(folder, 'checkpoints', 'earlier-1')}.`,
    ]);
    expect(await readdir(join(folder, 'checkpoints', 'earlier-1'))).toEqual([path.split('/').at(-1)]);
  });

  it('[CK15] says where a checkpoint is saved there, but old ones could not be removed', async () => {
    const { folder } = await begin(join(parent, 'data'));
    const checkpoints = join(parent, 'data', 'checkpoints');
    await mkdir(join(checkpoints, '.checkpoint-in-the-way.tmp'));
    await folder.checkpoints.save(sampleCheckpoint(3));
    expect(notes).toEqual([expect.stringContaining(`old checkpoints in ${checkpoints} cannot be removed: `)]);
  });

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
    ['set back while it ran', [10, 20, -3580], -3570, [10, 20, 20], 20],
    ['set back before its first measurement', [-3590], -3580, [0], 0],
    ['left alone', [10, 20], 30, [10, 20], 30],
  ])(
    '[TI2] resumes a checkpoint of a machine whose date was %s',
    async (_, measured, seconds, after, from) => {
      const folder = join(parent, 'data');
      const { folder: first, config } = await begin(folder);
      const [measurement] = sampleCheckpoint(3).measurements;
      if (measurement === undefined) throw new Error('a sample without measurements');
      const measurements = measured.map((at) => ({ ...measurement, seconds: at }));
      const settings = { optimizer: config.optimizer };
      await first.checkpoints.save({ ...sampleCheckpoint(3), settings, seconds, measurements });
      await first.close();
      const { start } = await begin(folder, '--resume');
      expect(start.seconds).toBe(from);
      expect(start.measurements.map((each) => each.seconds)).toEqual(after);
      const said = `The time of the run in the checkpoint, ${seconds} s, ran backwards: it goes on from ${from} s.`;
      expect(notes.slice(1)).toEqual(from === seconds ? [] : [said]);
    },
  );

  it('[CK11] is released by a run that cannot begin', async () => {
    const folder = join(parent, 'data');
    const { folder: first } = await begin(folder);
    await first.checkpoints.save(sampleCheckpoint(3));
    await first.close();
    await expect(begin(folder, '--resume', '--model', 'lenet')).rejects.toThrow('ray-convnet');
    // It did not go on from anything, and does not say so.
    expect(notes).toEqual([]);
    expect(await readdir(folder)).toEqual(['checkpoints']);
  });

  it.each([
    ['of before there was a choice', {}],
    ['of the same', { dataset: 'mnist' }],
  ])('[DS14] [CK17] goes on from a checkpoint %s data set', async (_, named) => {
    const folder = join(parent, 'data');
    const { folder: first, config } = await begin(folder);
    await first.checkpoints.save({
      ...sampleCheckpoint(3),
      settings: { optimizer: config.optimizer, ...named },
    });
    await first.close();
    const { start, config: resumed } = await begin(folder, '--resume');
    expect([start.version, resumed.dataset]).toEqual([3, 'mnist']);
  });

  it('[DS15] does not go on from a checkpoint of another data set', async () => {
    const folder = join(parent, 'data');
    const { folder: first, config } = await begin(folder);
    const settings = { optimizer: config.optimizer, dataset: 'squares' };
    await first.checkpoints.save({ ...sampleCheckpoint(3), settings });
    await first.close();
    await expect(begin(folder, '--resume')).rejects.toThrow(
      `the checkpoint's --dataset: "squares" is not one of mnist`,
    );
    await expect(begin(folder, '--resume', '--dataset', 'mnist')).rejects.toThrow(
      'the checkpoint is of the data set squares, not mnist',
    );
  });

  it('[CK10] may have any name, and folders above it that are missing are made', async () => {
    const folder = join(parent, ' a b#c?%20', 'd\'e"f\ng', 'ü😀');
    await begin(folder);
    expect((await readdir(folder)).sort()).toEqual(['checkpoints', 'server.lock']);
    expect(await readdir(join(folder, 'checkpoints'))).toEqual([]);
  });

  it('[CK21] that is a file, lies below one or is a link to nothing is refused', async () => {
    await writeFile(join(parent, 'file'), '');
    await symlink('nowhere', join(parent, 'link'));
    await expect(begin(join(parent, 'file'))).rejects.toThrow(`${join(parent, 'file')} is not a folder`);
    await expect(begin(join(parent, 'file', 'below'))).rejects.toThrow('not a directory (ENOTDIR)');
    await expect(begin(join(parent, 'link'))).rejects.toThrow('it is a link to nothing');
    await mkdir(join(parent, 'data'));
    await writeFile(join(parent, 'data', 'checkpoints'), '');
    await expect(begin(join(parent, 'data'))).rejects.toThrow('checkpoints is not a folder');
    expect(await readdir(join(parent, 'data'))).toEqual(['checkpoints']);
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
