import { describe, expect, it } from 'vitest';
import { RunWorld } from '../testing/runWorld.ts';

/** A started run of two devices that is guarded. */
async function guarded(settings: ConstructorParameters<typeof RunWorld>[0] = {}) {
  const world = new RunWorld({ evaluateEvery: 5, guardJump: 3, ...settings });
  world.readyDevices(2);
  await world.run.start();
  return world;
}

/** Has the measurement that is under way find a good model. @returns the version that it is of. */
async function measuredGood(world: RunWorld): Promise<number> {
  await world.live(1000);
  await world.evaluation.finish(0.9);
  return world.run.measurements.at(-1)?.version ?? 0;
}

/** Has every measurement that is under way find a good model. */
async function foundGood(world: RunWorld): Promise<void> {
  while (world.evaluating > 0) await world.evaluation.finish(0.9);
}

/** Has the model go bad until there were this many rescues, and what is brought back be measured as good. */
async function rescued(world: RunWorld, rescues: number): Promise<void> {
  world.lossOf = () => Promise.resolve(world.rescues.length < rescues ? NaN : 1);
  await world.live(200);
  await foundGood(world);
}

const restores = ({ recorder }: RunWorld) => recorder.records.filter(({ type }) => type === 'restore');

describe('the guard of a run', () => {
  it('[GU1] leaves a model alone whose loss is steady', async () => {
    const world = await guarded();
    await measuredGood(world);
    await world.live(3000);
    expect([world.rescues, restores(world)]).toEqual([[], []]);
  });

  it.each([NaN, 50])('[GU1] [GU3] brings the last good state back where the loss is %d', async (loss) => {
    const world = await guarded();
    const good = await measuredGood(world);
    const { version } = world.coordinator;
    world.lossOf = () => Promise.resolve(world.rescues.length === 0 ? loss : 1);
    await world.live(200);
    const [rescue] = world.rescues;
    expect(world.rescues).toEqual([
      {
        of: good,
        loss: Number.isFinite(loss) ? loss : null,
        usual: 1,
        bad: expect.any(Number) as number,
        made: expect.any(Number) as number,
      },
    ]);
    expect(rescue?.bad).toBeGreaterThanOrEqual(version);
    expect(restores(world)).toEqual([{ type: 'restore', version: rescue?.made, of: good }]);
    expect(world.plain()[rescue?.made ?? 0]).toEqual(world.plain()[good]);
    expect(world.saved.at(-1)?.snapshot.version).toBeGreaterThanOrEqual(rescue?.made ?? Infinity);
  });

  it('[GU3] [RS3] goes back to a version that was saved, where that was measured last', async () => {
    const world = await guarded();
    await measuredGood(world);
    await world.run.save();
    const { version } = world.saved.at(-1)?.snapshot ?? {};
    await world.evaluation.finish(0.9);
    world.lossOf = () => Promise.resolve(world.rescues.length === 0 ? NaN : 1);
    await world.live(200);
    expect(world.rescues).toMatchObject([{ of: version }]);
  });

  it('[GU4] brings the beginning back where no version was measured as good yet', async () => {
    const world = await guarded();
    world.lossOf = () => Promise.resolve(world.rescues.length === 0 ? NaN : 1);
    await world.live(200);
    expect(world.rescues).toMatchObject([{ of: 0, usual: null }]);
    expect(world.plain()[world.rescues[0]?.made ?? 0]).toEqual(world.initial);
  });

  it('[GU4] leaves a run alone that is measured at its end only: there is no good state to go back to', async () => {
    const world = await guarded({ evaluateEvery: 0 });
    world.lossOf = () => Promise.resolve(NaN);
    await world.live(2000);
    expect(world.rescues).toEqual([]);
  });

  it('[GU5] pauses a run whose model goes bad again and again, on its last good state', async () => {
    const world = await guarded();
    const good = await measuredGood(world);
    world.lossOf = () => Promise.resolve(NaN);
    await world.live(3000);
    expect(world.rescues).toHaveLength(3);
    expect([world.run.status().state, world.failures]).toEqual(['paused', ['guard']]);
    const restores = world.recorder.records.flatMap((record) => (record.type === 'restore' ? [record] : []));
    expect(restores).toHaveLength(4);
    expect(restores.at(-1)?.of).toBe(good);
  });

  it('[GU5] pauses it although each state that was brought back is measured as good in between', async () => {
    const world = await guarded({ evaluateEvery: 1000 });
    for (let round = 1; round <= 3; round++) {
      await rescued(world, round);
      expect(world.coordinator.marks.newest).toBe(world.rescues.at(-1)?.made);
    }
    await rescued(world, 4);
    expect(world.rescues).toHaveLength(3);
    expect([world.run.status().state, world.failures]).toEqual(['paused', ['guard']]);
  });

  it('[GU5] [GU8] does not count anew where wrong updates were undone in between', async () => {
    const world = await guarded({ evaluateEvery: 1000 });
    for (let round = 1; round <= 3; round++) await rescued(world, round);
    // The next measurement rests for as long as the last one took.
    await world.live(400);
    world.run.undermined(world.coordinator.version);
    await world.live(200);
    await foundGood(world);
    expect(world.undoings).toHaveLength(1);
    expect(world.coordinator.marks.newest).toBe(world.undoings[0]?.made);
    await rescued(world, 4);
    expect([world.rescues.length, world.failures]).toEqual([3, ['guard']]);
  });

  it('[GU5] [GU8] does not count what is undone because of wrong updates', async () => {
    const world = await guarded({ evaluateEvery: 1000 });
    for (let undoing = 1; undoing <= 5; undoing++) {
      await world.live(200);
      world.run.undermined(world.coordinator.version);
    }
    await rescued(world, 1);
    expect([world.undoings.length, world.rescues.length, world.failures]).toEqual([5, 1, []]);
  });

  it('[GU5] counts anew once the run is started again', async () => {
    const world = await guarded();
    await measuredGood(world);
    world.lossOf = () => Promise.resolve(NaN);
    await world.live(3000);
    await world.run.start();
    await world.live(3000);
    expect(world.rescues).toHaveLength(6);
  });

  it('[GU5] does not count rescues before the last good measurement', async () => {
    const world = await guarded();
    for (let round = 1; round <= 5; round++) {
      // The first may be of a version that was undone.
      await measuredGood(world);
      await measuredGood(world);
      world.lossOf = () => Promise.resolve(world.rescues.length < round ? NaN : 1);
      await world.live(1000);
    }
    expect([world.rescues.length, world.failures]).toEqual([5, []]);
  });

  it('[GU6] takes the state that an operator brings back for what is usual from then on', async () => {
    const world = await guarded();
    const early = await measuredGood(world);
    world.lossOf = () => Promise.resolve(0.01);
    await world.live(2000);
    world.lossOf = () => Promise.resolve(2);
    await world.run.rollBack(early);
    await world.live(1000);
    expect(world.rescues).toEqual([]);
  });

  it('[GU1] checks the newest parameters, not their average', async () => {
    const world = new RunWorld({ evaluateEvery: 5, guardJump: 3 }, { average: 50 });
    const checked: Float32Array[] = [];
    world.lossOf = (parameters) => {
      checked.push(parameters);
      return Promise.resolve(1);
    };
    world.readyDevices(2);
    await world.run.start();
    await world.live(300);
    expect(checked.length).toBeGreaterThan(0);
    for (const each of checked) expect(world.plain()).toContainEqual(each);
  });

  it('[GU7] a check that fails is told, and the run goes on', async () => {
    const world = await guarded();
    world.lossOf = () => Promise.reject(new Error('no check'));
    await world.live(200);
    const { version } = world.coordinator;
    await world.live(1000);
    expect(world.failures).toContain('check');
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[GU7] there is one check at a time, and a rest after it', async () => {
    const world = await guarded();
    const ends: (() => void)[] = [];
    world.lossOf = () => new Promise((resolve) => ends.push(() => resolve(1)));
    await world.live(1000);
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await world.live(6000);
    expect(ends).toHaveLength(1);
    await world.live(3000);
    expect(ends).toHaveLength(2);
  });

  it('[GU1] does nothing while the run is paused or was stopped meanwhile', async () => {
    const world = await guarded();
    await measuredGood(world);
    const ends: (() => void)[] = [];
    world.lossOf = () => new Promise((resolve) => ends.push(() => resolve(NaN)));
    await world.live(1000);
    world.run.pause();
    for (const end of ends) end();
    await world.live(1000);
    expect([ends.length, restores(world)]).toEqual([1, []]);
  });
});
