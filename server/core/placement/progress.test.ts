import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { World } from '../testing/world.ts';
import { DataShardProgress, type SampleRange } from './progress.ts';
import { pace, planned } from './testing/planned.ts';

/** Asserts that ranges of one data shard follow one another from its start, without a gap or a sample twice. */
function expectOneOrder(ranges: SampleRange[]): void {
  let end = 0;
  for (const { start, samples } of ranges.toSorted((left, right) => left.start - right.start)) {
    expect(start).toBe(end);
    end = start + samples;
  }
}

describe('the progress of plans on a data shard', () => {
  it('[UN11] [UN12] is one order for units of any sizes, and what is lost is given out before anything new', () => {
    const acts = fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.integer({ min: 1, max: 50 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(acts, (list) => {
        const progress = new DataShardProgress();
        const out: SampleRange[] = [];
        const take = (wanted: number) => {
          const samples = Math.min(wanted, progress.lostOn(3) ?? wanted);
          out.push({ dataShard: 3, start: progress.take(3, samples), samples });
        };
        for (const [lose, which, wanted] of list) {
          const [lost] = lose ? out.splice(which % Math.max(1, out.length), 1) : [];
          if (lost === undefined) take(wanted);
          else progress.returnRange(lost);
        }
        while (progress.lostOn(3) !== null) take(50);
        expectOneOrder(out);
        expect(progress.take(4, 10)).toBe(0);
      }),
    );
  });

  it('[UN12] a unit that is larger than what was lost starts there all the same', () => {
    const progress = new DataShardProgress();
    expect([progress.take(0, 10), progress.take(0, 10)]).toEqual([0, 10]);
    progress.returnRange({ dataShard: 0, start: 0, samples: 10 });
    expect([progress.take(0, 30), progress.take(0, 30)]).toEqual([0, 20]);
  });
});

/** What became part of the model, or may yet, of each data shard. */
function stretchesOf({ leases, recorder }: World): SampleRange[][] {
  const shards = Array.from({ length: 7 }, (): SampleRange[] => []);
  for (const { terms, unit } of leases.values()) {
    const { index } = unit.dataShard;
    if (recorder.refused.has(terms.lease)) continue;
    shards[index]?.push({ dataShard: index, start: unit.start, samples: terms.samples });
  }
  return shards;
}

describe('the units of a plan', () => {
  it('[UN11] of devices of any pace visit every image of a data shard before any again, also when devices are lost', async () => {
    const { world, pass } = planned();
    const paces = [0.3, 1, 4];
    const devices = paces.map((each) => world.device(pace(each)).join().ready());
    await pass(6000);
    devices[1]?.vanish();
    await pass(2000);
    devices[2]?.leave();
    world.device(pace(2)).join().ready();
    await pass(20_000);
    const shards = stretchesOf(world);
    for (const ranges of shards) {
      expect(ranges.length).toBeGreaterThan(3);
      expectOneOrder(ranges);
    }
    const sizes = new Set(shards.flat().map(({ samples }) => samples));
    expect(sizes.size).toBeGreaterThan(2);
    expect(world.recorder.refused.size).toBeGreaterThan(0);
  });
});
