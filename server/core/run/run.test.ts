import { describe, expect, it } from 'vitest';
import { SAVE_LIMIT_MS } from './saves.ts';
import { RunWorld, settled } from '../testing/runWorld.ts';
import { syncPolicy } from '../testing/policies.ts';

/** A run that two devices train, started. */
async function started(...given: ConstructorParameters<typeof RunWorld>): Promise<RunWorld> {
  const world = new RunWorld(...given);
  world.readyDevices(2);
  await world.run.start();
  return world;
}

describe('evaluations', () => {
  it('[EV3] commits go on during an evaluation, and there are never two at once', async () => {
    const world = await started({ evaluateEvery: 5 });
    await world.live(2000);
    const { version } = world.coordinator;
    expect(version).toBeGreaterThan(10);
    expect(world.evaluations).toHaveLength(1);
    expect(world.evaluation.parameters).toEqual(world.plain()[5]);
    await world.live(1000);
    expect(world.coordinator.version).toBeGreaterThan(version);
    expect(world.evaluating).toBe(1);
  });

  it('[EV2] after an evaluation the next one waits for as long as it took', async () => {
    const world = await started({ evaluateEvery: 5 });
    await world.live(1000);
    const begun = world.run.measurements.length;
    await world.evaluation.finish(0.5);
    const took = 1000 - 300;
    await world.live(took / 2);
    expect([begun, world.evaluations.length]).toEqual([0, 1]);
    await world.live(took);
    expect(world.evaluations).toHaveLength(2);
    expect(world.run.status()).toMatchObject({ testAccuracy: 0.5, state: 'running' });
  });

  it('[EV1] a long run thins out its early measurements and keeps the first and the newest', async () => {
    const early = Array.from({ length: 1000 }, () => ({
      version: 0,
      samples: 0,
      testAccuracy: 0.1,
      testLoss: 1,
    }));
    const world = await started({
      evaluateEvery: 5,
      measurements: early.map((each, index) => ({ ...each, seconds: index })),
    });
    await world.live(1000);
    await world.evaluation.finish(0.5);
    const { measurements } = world.run;
    expect(measurements).toHaveLength(751);
    expect([measurements[0]?.seconds, measurements[1]?.seconds, measurements[749]?.seconds]).toEqual([
      0, 2, 999,
    ]);
    expect(measurements.at(-1)).toMatchObject({ testAccuracy: 0.5 });
  });

  it('[EV1] a failed evaluation is told, and the run goes on', async () => {
    const world = await started({ evaluateEvery: 5, target: 0.9 });
    await world.live(1000);
    await world.evaluation.fail();
    expect(world.failures).toEqual(['evaluation']);
    const { version } = world.coordinator;
    await world.live(1000);
    expect(world.failures).toEqual(['evaluation']);
    expect(world.coordinator.version).toBeGreaterThan(version);
  });
});

describe('measuring between commits', () => {
  /** A run of complete rounds that is measured at every fifth version. */
  const between = (unitMs: number[]) => {
    const policy = syncPolicy({ roundSize: 2, rounds: 'complete' });
    const world = new RunWorld({ evaluateEvery: 5, target: 0.9, repeatable: true }, { policy });
    for (const each of unitMs) world.device({ unitMs: each }).join().ready();
    return world;
  };

  it.each([[[20, 20]], [[400, 30, 90]], [[700]]])(
    '[RN9] [RN14] is at fixed versions, and the run ends at the first that reaches its target, with units of %j ms',
    async (unitMs) => {
      const world = between(unitMs);
      await world.run.start();
      for (const [index, accuracy] of [0.5, 0.89, 0.9].entries()) {
        await world.live(12_000);
        expect(world.evaluations).toHaveLength(index + 1);
        expect(world.coordinator.version).toBe(5 * (index + 1));
        expect(world.evaluation.parameters).toEqual(world.parameters);
        await world.evaluation.finish(accuracy);
      }
      await world.run.ended();
      expect(world.run.status()).toMatchObject({ stop: 'target', version: 15, testAccuracy: 0.9 });
      expect(world.run.measurements.map(({ version }) => version)).toEqual([5, 10, 15]);
    },
  );

  it('[RN9] that fails, or falls into a pause, holds nothing up', async () => {
    const world = between([20, 20]);
    await world.run.start();
    await world.live(1000);
    await world.evaluation.fail();
    await world.live(1000);
    expect(world.coordinator.version).toBe(10);
    world.run.pause();
    await world.evaluation.finish(0.5);
    await world.live(1000);
    expect(world.coordinator.version).toBe(10);
    await world.run.start();
    await world.live(1000);
    expect(world.coordinator.version).toBe(15);
  });
});

describe('targets', () => {
  /** A run whose target was reached by a version that is no longer the newest: the newest is being measured. */
  async function confirming(...given: ConstructorParameters<typeof RunWorld>): Promise<RunWorld> {
    const [settings, options] = given;
    const world = await started({ evaluateEvery: 5, target: 0.9, ...settings }, options);
    await world.live(1000);
    await world.evaluation.finish(0.95);
    return world;
  }

  it('[RN2] a run that stops at its target has measured the very version that it stops with', async () => {
    const world = await confirming();
    const { version } = world.coordinator;
    await world.live(3000);
    expect(world.coordinator.version).toBe(version);
    expect(world.evaluation.parameters).toEqual(world.parameters);
    await world.evaluation.finish(0.91);
    await world.run.ended();
    expect(world.run.status()).toMatchObject({
      state: 'stopped',
      stop: 'target',
      version,
      testAccuracy: 0.91,
    });
    expect(world.saved.at(-1)?.snapshot.parameters).toEqual(world.evaluation.parameters);
    expect(world.evaluations).toHaveLength(2);
  });

  it('[RN2] where the newest version does not reach the target the run goes on', async () => {
    const world = await confirming();
    const { version } = world.coordinator;
    await world.evaluation.finish(0.89);
    await world.live(1000);
    expect(world.run.status()).toMatchObject({ state: 'running', stop: null });
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[EV1] where the confirmation fails the run goes on', async () => {
    const world = await confirming();
    const { version } = world.coordinator;
    await world.evaluation.fail();
    await world.live(1000);
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[RN2] a pause and a start during the confirmation do not move the version on', async () => {
    const world = await confirming();
    const { version } = world.coordinator;
    world.run.pause();
    await world.run.start();
    await world.live(1000);
    expect(world.coordinator.version).toBe(version);
    await world.evaluation.finish(0.95);
    expect(world.run.status()).toMatchObject({ stop: 'target', version });
  });

  it('[RN1] a run paused during a confirmation that fails decides what it holds', async () => {
    const world = await confirming({}, { policy: syncPolicy() });
    await world.live(1000);
    expect(world.ledger.unanswered).toBeGreaterThan(0);
    world.run.pause();
    await world.evaluation.finish(0.5);
    await world.live(1000);
    expect(world.ledger.unanswered).toBe(0);
    const { version } = world.coordinator;
    await world.live(1000);
    expect(world.coordinator.version).toBe(version);
  });

  it('[RN4] a stop during a confirmation is final', async () => {
    const world = await confirming();
    const ended = world.run.stop('stopped');
    const { version } = world.coordinator;
    await world.evaluation.finish(0.99);
    await ended;
    await world.live(1000);
    expect(world.run.status()).toMatchObject({ state: 'stopped', stop: 'stopped', version });
  });
});

describe('the life of a run', () => {
  it.each([1, 3])(
    '[RN3] a run of %i shards stops at exactly its number of commits, measured and kept',
    async (shards) => {
      const world = await started({ maxCommits: 7 }, { shards });
      await world.live(2000);
      expect(world.coordinator.version).toBe(7);
      expect(world.run.status()).toMatchObject({ state: 'stopped', stop: 'max-commits' });
      expect(world.saved).toEqual([]);
      await world.evaluation.finish(0.5);
      await world.run.ended();
      expect(world.saved).toMatchObject([{ snapshot: { version: 7 } }]);
      expect(world.measured).toMatchObject([{ version: 7 }]);
      expect(world.saved[0]?.snapshot.parameters).toEqual(world.plain()[7]);
    },
  );

  it('[RN3] a run that has its commits makes no more when it is started again', async () => {
    const world = await started({ maxCommits: 7 });
    await world.live(2000);
    await world.evaluation.finish(0.5);
    await world.run.start();
    for (const device of world.devices) device.ready();
    await world.live(2000);
    expect(world.coordinator.version).toBe(7);
    expect(world.run.status().stop).toBe('max-commits');
  });

  it('[RN1] a pause stops the time and the grants, and a start goes on', async () => {
    const world = await started();
    await world.live(1000);
    world.run.pause();
    const { seconds } = world.run;
    await world.live(5000);
    const { version } = world.coordinator;
    await world.live(5000);
    expect(world.run.seconds).toBe(seconds);
    expect(world.coordinator.version).toBe(version);
    expect(world.ledger.unanswered).toBe(0);
    await world.run.start();
    await world.live(1000);
    expect(world.coordinator.version).toBeGreaterThan(version);
    expect(world.run.seconds).toBeCloseTo(seconds + 1);
  });

  it('[RN4] a stopped run can be started again, once its last version is measured', async () => {
    const world = await started();
    await world.live(1000);
    void world.run.stop('stopped');
    await settled();
    const { version } = world.coordinator;
    const restarted = world.run.start();
    await world.live(1000);
    expect(world.coordinator.version).toBe(version);
    await world.evaluation.finish(0.5);
    await restarted;
    await world.live(1000);
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[RN4] the time of a run begins with its first lease and ends it', async () => {
    const world = new RunWorld({ maxSeconds: 10 });
    await world.run.start();
    await world.live(20_000);
    expect([world.run.seconds, world.run.status().state]).toEqual([0, 'running']);
    world.readyDevices(1);
    await world.live(9900);
    expect(world.run.status().state).toBe('running');
    await world.live(200);
    expect(world.run.status()).toMatchObject({ state: 'stopped', stop: 'max-seconds' });
    expect(world.run.seconds).toBe(10);
  });

  it('[RN5] a run that lost a shard stops without measuring or keeping what is not whole', async () => {
    const world = await started();
    await world.live(1000);
    await world.run.stop('shard-lost');
    await world.run.stop('interrupted');
    expect(world.run.status()).toMatchObject({ state: 'stopped', stop: 'shard-lost' });
    expect([world.evaluations, world.saved]).toEqual([[], []]);
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[RN2] what is kept now and then is one version, though confirmations come more often', async () => {
    const world = await started({ checkpointSeconds: 5, evaluateEvery: 1, target: 0.9 });
    for (let confirmation = 0; confirmation < 10; confirmation++) {
      await world.live(1000);
      await world.evaluation.finish(0.95);
      while (world.evaluating > 0) await world.evaluation.finish(0.5);
    }
    expect(world.saved).toHaveLength(2);
    const versions = world.plain();
    for (const { snapshot } of world.saved) expect(snapshot.parameters).toEqual(versions[snapshot.version]);
  });
});

describe('saves', () => {
  const never = () => new Promise<void>(() => undefined);
  const fails = () => Promise.reject(new Error('no room'));
  const versionsOf = (world: RunWorld) => world.saved.map(({ snapshot }) => snapshot.version);

  it('[RN6] a last save that never returns is given up and told, and the run has ended', async () => {
    const world = await started();
    await world.live(1000);
    world.saving = never;
    let ended = false;
    const end = world.run.stop('interrupted').then(() => (ended = true));
    await settled();
    await world.evaluation.finish(0.5);
    world.clock.advance(SAVE_LIMIT_MS - 1);
    await settled();
    expect([ended, world.failures]).toEqual([false, []]);
    world.clock.advance(1);
    await end;
    expect(world.failures).toEqual(['checkpoint: Error: not done after 120 seconds']);
  });

  it('[RN6] a save that hangs is given up, no other waits for it meanwhile, and the next one is done', async () => {
    const world = await started({ checkpointSeconds: 5 });
    await world.live(1000);
    world.saving = never;
    await world.live(SAVE_LIMIT_MS);
    const { length } = world.saved;
    expect([length, world.failures]).toEqual([1, []]);
    await world.live(4000);
    expect([world.saved.length, world.failures.length]).toEqual([length, 1]);
    world.saving = () => Promise.resolve();
    await world.live(5000);
    expect(world.saved.length).toBe(length + 1);
    expect(world.saved.at(-1)?.snapshot.version).toBeGreaterThan(world.saved[0]?.snapshot.version ?? 0);
  });

  it('[CK27] a version that is saved is measured, after what is being measured', async () => {
    const world = await started({ checkpointSeconds: 5, evaluateEvery: 1 });
    await world.live(5000);
    expect([world.saved.length, world.evaluating]).toEqual([1, 1]);
    await world.evaluation.finish(0.4);
    const [saved] = world.saved;
    expect([world.evaluations.length, world.evaluating]).toEqual([2, 1]);
    expect(world.evaluation.parameters).toEqual(saved?.snapshot.parameters);
    await world.evaluation.finish(0.5);
    expect(world.measured.at(-1)).toMatchObject({ version: saved?.snapshot.version, testAccuracy: 0.5 });
    expect(world.failures).toEqual([]);
  });

  it('[CK27] a version that is saved is not measured where nothing is while a run goes on', async () => {
    const world = await started({ checkpointSeconds: 5, evaluateEvery: 0 });
    await world.live(6000);
    expect([world.saved.length, world.evaluations.length]).toEqual([1, 0]);
  });

  it('[RN6] the end of a run waits for the save that is under way, and then keeps the last version', async () => {
    const world = await started({ checkpointSeconds: 5 });
    let finish: () => void = () => undefined;
    world.saving = () => new Promise((resolve) => (finish = resolve));
    await world.live(6000);
    const end = world.run.stop('interrupted');
    await settled();
    await world.evaluation.finish(0.5);
    expect(world.saved).toHaveLength(1);
    world.saving = () => Promise.resolve();
    finish();
    await end;
    expect(versionsOf(world).at(-1)).toBe(world.coordinator.version);
    expect(world.saved).toHaveLength(2);
  });

  it('[RN15] a last save that failed is tried again, now and then and when the run is to end, until it is done', async () => {
    const world = await started({ maxCommits: 7, checkpointSeconds: 5 });
    world.saving = fails;
    await world.live(2000);
    await world.evaluation.finish(0.5);
    await world.run.ended();
    expect(world.failures).toEqual(['checkpoint: Error: no room']);
    await world.live(5000);
    expect(world.failures).toHaveLength(2);
    await world.run.stop('interrupted');
    expect(world.failures).toHaveLength(3);
    world.saving = () => Promise.resolve();
    await world.live(5000);
    expect(versionsOf(world)).toEqual([7, 7, 7, 7]);
    await world.live(60_000);
    await world.run.stop('interrupted');
    expect(versionsOf(world)).toHaveLength(4);
  });

  it('[RN15] a run that is closed is not saved again, whether it was running or its last save had failed', async () => {
    const running = await started({ checkpointSeconds: 5 });
    await running.live(1000);
    running.run.close();
    await running.live(60_000);
    expect(running.saved).toEqual([]);

    const ended = await started({ maxCommits: 7, checkpointSeconds: 5 });
    ended.saving = fails;
    await ended.live(2000);
    ended.run.close();
    await ended.evaluation.finish(0.5);
    await ended.run.ended();
    await ended.live(60_000);
    expect(ended.failures).toEqual(['checkpoint: Error: no room']);
  });

  it('[RN6] a save that failed is told, and the next one is of the version of its moment', async () => {
    const world = await started({ checkpointSeconds: 5 });
    world.saving = fails;
    await world.live(5100);
    world.saving = () => Promise.resolve();
    await world.live(5000);
    expect(world.failures).toEqual(['checkpoint: Error: no room']);
    const [failed = 0, done = 0] = versionsOf(world);
    expect(done).toBeGreaterThan(failed);
  });
});
