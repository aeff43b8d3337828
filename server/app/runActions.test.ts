import { describe, expect, it } from 'vitest';
import type { SettingChanges } from '../../shared/protocol/liveSettings.ts';
import { loadConfig } from '../config/config.ts';
import type { LiveSettings } from '../core/liveSettings.ts';
import { RollbackError } from '../core/run/rollback.ts';
import { RunWorld, settled } from '../core/testing/runWorld.ts';
import { runActionHandlers, type ActionParts } from './runActions.ts';

/** A run without a commit, and what may be asked of it. */
function steered(parts: Partial<ActionParts> = {}) {
  const world = new RunWorld({ checkpointSeconds: 3600 });
  const told: string[] = [];
  const keptSettings: LiveSettings[] = [];
  const config = () => ({ ...loadConfig('start', [], {}), ...world.coordinator.settings });
  const actions = runActionHandlers({
    run: world.run,
    kept: () => Promise.resolve(),
    keepSettings: (settings) => Promise.resolve(void keptSettings.push(settings)),
    keeps: true,
    config,
    told: (line) => void told.push(line),
    ...parts,
  });
  return { world, actions, told, keptSettings };
}

/** A run of two devices that has commits, and what may be asked of it. */
async function trained(parts: Partial<ActionParts> = {}) {
  const { world, ...rest } = steered(parts);
  const { actions } = rest;
  world.readyDevices(2);
  await actions.start();
  await world.live(1000);
  return { world, ...rest };
}

const versionsOf = (world: RunWorld) => world.saved.map(({ snapshot }) => snapshot.version);

/** Has saves wait until the function that is given back is called. */
function hold(world: RunWorld): () => void {
  let release: () => void = () => undefined;
  world.saving = () => new Promise((resolve) => (release = resolve));
  return () => release();
}

describe('the actions', () => {
  it('start, pause and stop change the state of the run', async () => {
    const { world, actions } = await trained();
    const states = [world.run.status().state];
    await actions.pause();
    states.push(world.run.status().state);
    await actions.start();
    states.push(world.run.status().state);
    const stopped = actions.stop();
    await settled();
    await world.evaluation.finish(0.5);
    await stopped;
    states.push(world.run.status().state);
    expect(states).toEqual(['running', 'paused', 'running', 'stopped']);
  });
});

describe('start', () => {
  it('[RN18] of a run that lost a shard is refused, also where it was stopped before', async () => {
    const { world, actions } = await trained();
    const stopped = actions.stop();
    await settled();
    await world.evaluation.finish(0.5);
    await stopped;
    await world.run.stop('shard-lost');
    await expect(actions.start()).rejects.toMatchObject({ code: 'SHARD_LOST' });
    await world.run.start();
    expect(world.run.status().state).toBe('stopped');
  });
});

describe('save', () => {
  it('[AD15] keeps the version that the running model is at', async () => {
    const { world, actions } = await trained();
    const { version } = world.coordinator;
    await actions.save();
    expect(versionsOf(world)).toEqual([version]);
  });

  it('[AD15] keeps the version that the paused model is at', async () => {
    const { world, actions } = await trained();
    await actions.pause();
    await world.live(1000);
    await actions.save();
    expect(versionsOf(world)).toEqual([world.coordinator.version]);
  });

  it('[AD15] keeps the last version of a stopped run, where its last save failed', async () => {
    const { world, actions } = await trained();
    world.saving = () => Promise.reject(new Error('no room'));
    const stopped = actions.stop();
    await settled();
    await world.evaluation.finish(0.5);
    await stopped;
    world.saving = () => Promise.resolve();
    await actions.save();
    expect(versionsOf(world)).toEqual([world.coordinator.version, world.coordinator.version]);
  });

  it('[AD15] is not answered before it is kept', async () => {
    const { world, actions } = await trained();
    const release = hold(world);
    let answered = false;
    const saved = actions.save().then(() => (answered = true));
    await settled();
    expect(answered).toBe(false);
    release();
    await saved;
  });

  it('[AD16] of a version that is saved keeps nothing more', async () => {
    const { world, actions } = await trained();
    await actions.pause();
    await world.live(1000);
    await actions.save();
    await actions.save();
    expect(world.saved).toHaveLength(1);
  });

  it('[AD17] by many at once is one save, and not tried again for each where it fails', async () => {
    const { world, actions } = await trained();
    world.saving = () => Promise.reject(new Error('no room'));
    await Promise.allSettled(Array.from({ length: 10 }, () => actions.save()));
    expect(world.saved).toHaveLength(1);
  });

  it('[AD17] by many while one is under way is one more, of the version of then', async () => {
    const { world, actions } = await trained();
    const release = hold(world);
    const first = actions.save();
    await world.live(1000);
    world.saving = () => Promise.resolve();
    const others = Array.from({ length: 10 }, () => actions.save());
    release();
    await Promise.all([first, ...others]);
    expect(versionsOf(world)).toEqual([versionsOf(world)[0], world.coordinator.version]);
  });

  it('[AD18] that fails is answered with the reason', async () => {
    const { world, actions } = await trained();
    world.saving = () => Promise.reject(new Error('no room'));
    await expect(actions.save()).rejects.toMatchObject({
      code: 'SAVE_FAILED',
      message: 'The save failed: no room',
    });
  });

  it('[AD18] that fails is answered so to all who share it', async () => {
    const { world, actions } = await trained();
    world.saving = () => Promise.reject(new Error('no room'));
    const outcomes = await Promise.allSettled([actions.save(), actions.save()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('[AD18] that fails leaves the run as it is', async () => {
    const { world, actions } = await trained();
    world.saving = () => Promise.reject(new Error('no room'));
    await actions.save().catch(() => undefined);
    const { version } = world.coordinator;
    await world.live(1000);
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[AD18] of a run that lost a shard is answered with that', async () => {
    const { world, actions } = await trained();
    await world.run.stop('shard-lost');
    await expect(actions.save()).rejects.toThrow('a shard was lost');
  });

  it('[AD16] of a version that is saved is done, also where a shard was lost since', async () => {
    const { world, actions } = await trained();
    await actions.save();
    await world.run.stop('shard-lost');
    await actions.save();
    expect(world.saved).toHaveLength(1);
  });

  it('[AD19] of a run without a commit is refused', async () => {
    const { actions } = steered();
    await expect(actions.save()).rejects.toMatchObject({ code: 'NOTHING_TO_SAVE' });
  });

  it('[AD19] of a run without a data folder that outlives it is refused', async () => {
    const { actions } = await trained({ keeps: false });
    await expect(actions.save()).rejects.toMatchObject({ code: 'NO_DATA_FOLDER' });
  });
});

describe('configure', () => {
  it('[CF6] [CF9] changes the settings in force, keeps them, and says who did it', async () => {
    const { world, actions, told, keptSettings } = await trained();
    const { version, updates } = world.coordinator;
    await actions.configure({ changes: { lr: '0.02', maxCommits: 900, target: null } });
    expect(world.coordinator).toMatchObject({
      version: version + 1,
      updates,
      settings: { lr: 0.02, maxCommits: 900, target: null },
    });
    const [kept, ...more] = keptSettings;
    expect(more).toEqual([]);
    expect(kept).toMatchObject({ lr: 0.02, maxCommits: 900, target: null });
    expect(world.coordinator.settings).toMatchObject(kept ?? {});
    expect(world.saved.at(-1)?.snapshot).toMatchObject({ version: version + 1, settings: { lr: 0.02 } });
    expect(told).toEqual([
      `The admin changed lr to 0.02, maxCommits to 900, target to none, from version ${version + 1} on.`,
    ]);
  });

  it.each<[SettingChanges, string]>([
    [{}, 'nothing to change: name one of target, maxCommits'],
    [{ lr: 'fast' }, 'lr: "fast" is not a number above 0'],
    [{ lr: 0 }, 'lr: "0" is not a number above 0'],
    [{ lr: null }, 'lr: "none" is not a number above 0'],
    [{ lr: 0.5, maxCommits: -1 }, 'maxCommits: "-1" is not a whole number from 1, or none'],
    [{ target: 95 }, 'target: "95" is not a number above 0, at most 1, or none'],
    [{ optimizer: 'adamm' }, 'optimizer: "adamm" is not one of sgd, momentum, adam; did you mean adam?'],
    [{ batch: 3 }, '"batch" is no setting that changes while a run goes on'],
    [{ constructor: 3 }, '"constructor" is no setting that changes while a run goes on'],
    [{ maxcommits: 3 }, 'did you mean maxCommits?'],
    [{ localLr: 0.1 }, 'localLr: this run has no local steps'],
    [{ target: 0.9, evaluateEvery: 0 }, 'evaluateEvery: 0 measures at the end alone'],
  ])('[CF7] refuses %j by name, and changes nothing', async (changes, message) => {
    const gradients = () => ({ ...loadConfig('start', ['--model', 'ray-convnet'], {}), local: null });
    const { world, actions, told } = await trained({ config: gradients });
    const { version, settings } = world.coordinator;
    await expect(actions.configure({ changes })).rejects.toMatchObject({
      code: 'MALFORMED',
      message: expect.stringContaining(message) as string,
    });
    expect(world.coordinator).toMatchObject({ version, settings });
    expect([world.saved, told]).toEqual([[], []]);
  });

  it('[CF9] that cannot be kept is answered with the reason, and changes nothing', async () => {
    const keepSettings = () => Promise.reject(new Error('no space left'));
    const { world, actions, told } = await trained({ keepSettings });
    const { version, settings } = world.coordinator;
    await expect(actions.configure({ changes: { lr: 0.1 } })).rejects.toMatchObject({
      code: 'SAVE_FAILED',
      message: expect.stringContaining('no space left') as string,
    });
    expect([world.coordinator.version, world.coordinator.settings, told]).toEqual([version, settings, []]);
  });

  it('[CF11] of several at once keeps and has the changes of all', async () => {
    const keptSettings: LiveSettings[] = [];
    const keepSettings = async (settings: LiveSettings) => {
      await settled();
      keptSettings.push(settings);
    };
    const { world, actions } = await trained({ keepSettings });
    await Promise.all([
      actions.configure({ changes: { lr: 0.02 } }),
      actions.configure({ changes: { maxCommits: 900 } }),
    ]);
    expect(keptSettings.at(-1)).toMatchObject({ lr: 0.02, maxCommits: 900 });
    expect(world.coordinator.settings).toMatchObject(keptSettings.at(-1) ?? {});
  });

  it('[CF7] of a run that lost a shard is refused', async () => {
    const { world, actions } = await trained();
    await world.run.stop('shard-lost');
    await expect(actions.configure({ changes: { lr: 0.1 } })).rejects.toMatchObject({ code: 'SHARD_LOST' });
  });
});

describe('rollback', () => {
  it('[RS4] [RS8] goes back to a version whose state shards keep, and says who did it', async () => {
    const { world, actions, told } = await trained();
    const { coordinator } = world;
    const { version } = coordinator;
    coordinator.marks.mark(coordinator);
    coordinator.marks.judge(version, true);
    await world.live(1000);
    const made = coordinator.version + 1;
    await actions.rollback({ version });
    expect(coordinator.version).toBe(made);
    expect(world.parameters).toEqual(world.plain()[version]);
    expect(told).toEqual([`The admin rolled the run back to version ${version}, as version ${made}.`]);
    expect(versionsOf(world)).toEqual([made]);
  });

  it('[RS5] is refused where no such version is kept, or its checkpoint is of no use: nothing is changed', async () => {
    const { world, actions, told } = await trained();
    const { records } = world.recorder;
    const before = records.length;
    await expect(actions.rollback({ version: 999 })).rejects.toMatchObject({
      code: 'NO_SUCH_VERSION',
      message: 'Version 999 is not kept.',
    });
    world.keptFault = new RollbackError('unusable', 'its blob is missing');
    await expect(actions.rollback({ version: 1 })).rejects.toMatchObject({ code: 'NOT_RESTORED' });
    expect([records.length, told]).toEqual([before, []]);
  });

  it('[RS5] [RN18] of a run that lost a shard is refused', async () => {
    const { world, actions } = await trained();
    await world.run.stop('shard-lost');
    await expect(actions.rollback({ version: 1 })).rejects.toMatchObject({ code: 'SHARD_LOST' });
  });
});
