import { createGenerator } from '../../../../shared/random/generator.ts';
import type { PlanDevice, RunShape } from '../plan.ts';

/** A run as `lenet`'s recipe has it. */
export const SHAPE: RunShape = {
  mode: 'sync',
  batch: 4,
  steps: 120,
  elastic: true,
  bytesPerUnit: 48_000,
  bytesPerDataShard: 785_000,
  dataShards: Array.from({ length: 60 }, (_, index) => ({
    index,
    path: `/data/${'0'.repeat(32)}.bin`,
    samples: 1000,
  })),
  minWorkers: 1,
  maxMs: 15_000,
  link: null,
  roundOverheadMs: 0,
  requires: {},
  prefers: {},
};

/** A device of so many samples a second, with so much time that no unit is without. */
export function deviceOf(device: string, samplesPerSecond: number, overheadMs = 2): PlanDevice {
  return {
    device,
    time: { overheadMs, msPerSample: 1000 / samplesPerSecond },
    maxSamples: Infinity,
    workers: 1,
    hasData: true,
    fixed: null,
    required: false,
  };
}

/** Phones, laptops and GPUs, some not measured yet, some with several workers, some without data. */
export function randomDevices(count: number, seed: number): PlanDevice[] {
  const generator = createGenerator(seed);
  const between = (least: number, most: number) =>
    least + ((most - least) * generator.below(1 << 20)) / (1 << 20);
  return Array.from({ length: count }, (_, index) => {
    const speed = 10 ** between(2.5, 5);
    const known = generator.below(10) > 0;
    return {
      ...deviceOf(`device${index}`, speed, between(1, 200)),
      ...(known ? {} : { time: null }),
      maxSamples: generator.below(4) === 0 ? 60 + generator.below(400) : Infinity,
      workers: 1 + generator.below(4),
      hasData: generator.below(3) > 0,
    };
  });
}
