import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unitOrder } from '../../../shared/engine/unit.ts';
import type { WorkUnit } from '../../../shared/protocol/messages.ts';
import { dataShards } from '../testing/testServer.ts';
import { samplesOf } from '../unit.ts';
import { createWork, type WorkSettings } from './work.ts';

const SETTINGS: WorkSettings = { batch: 32, local: null, seed: 3, startUpdates: 0 };

const orderOf = (unit: WorkUnit) => unitOrder(unit.seed, unit.start, unit.dataShard.samples, samplesOf(unit));

describe('the units of a lane', () => {
  it('[UN8] cover a data shard by as many as it takes', () => {
    const work = createWork(dataShards(60, 1000), { ...SETTINGS, batch: 128 });
    const seen = new Set<number>();
    for (let step = 0; step < 8; step++) {
      for (const image of orderOf(work({ lane: 0, step }, 0))) seen.add(image);
    }
    expect(seen.size).toBe(1000);
  });

  it('[UN1] [UN2] [UN9] [UN4] visit every image of every data shard as often as they should, whatever the sizes', () => {
    const shardSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 16 }),
      steps: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(
        shardSizes,
        sizes,
        fc.nat(9),
        fc.integer({ min: 1, max: 3 }),
        (shards, size, lane, rounds) => {
          const refs = shards.map((samples, index) => ({ ...dataShards(1)[0], index, samples }) as never);
          const local = { steps: size.steps, lr: 0.1, momentum: 0, decay: null };
          const work = createWork(refs, { ...SETTINGS, batch: size.batch, local });
          const count = size.batch * size.steps;
          const unitsARound = shards.reduce((sum, samples) => sum + Math.ceil(samples / count), 0);
          const visited = shards.map((): number[] => []);
          for (let step = 0; step < rounds * unitsARound; step++) {
            const unit = work({ lane, step }, 0);
            expect(samplesOf(unit)).toBe(count);
            visited[unit.dataShard.index]?.push(...orderOf(unit));
          }
          shards.forEach((samples, index) => {
            const order = visited[index] ?? [];
            expect(order).toHaveLength(rounds * Math.ceil(samples / count) * count);
            for (let pass = 0; pass < order.length; pass += samples) {
              const part = order.slice(pass, pass + samples);
              expect(new Set(part).size).toBe(part.length);
            }
          });
        },
      ),
    );
  });

  it('[UN2] are the same whenever they are asked for, and differ from those of other lanes', () => {
    const [work, again] = [1, 2].map(() => createWork(dataShards(3, 100), SETTINGS));
    const keys = [40, 3, 17, 3].map((step) => ({ lane: 1, step }));
    const orders = keys.map((key) => [...orderOf((work ?? again)?.(key, 0) as WorkUnit)]);
    expect(orders[1]).toEqual(orders[3]);
    expect(keys.map((key) => [...orderOf(again?.(key, 9) as WorkUnit)])).toEqual(orders);
    const onFirst = [0, 1, 2].map((lane) =>
      Array.from({ length: 12 }, (_, step) => work?.({ lane, step }, 0)).find(
        (unit) => unit?.dataShard.index === 0,
      ),
    );
    expect(new Set(onFirst.map((unit) => unit?.seed)).size).toBe(3);
  });
});
