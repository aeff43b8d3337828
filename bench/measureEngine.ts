import type { DataShard } from '../shared/dataset/dataShard.ts';
import { unitOrder } from '../shared/engine/unit.ts';
import type { LocalTraining } from '../shared/engine/engine.ts';
import { initialParameters } from '../shared/model/initialise.ts';
import { outputsOf, type ModelSpec } from '../shared/model/spec.ts';
import { createGenerator } from '../shared/random/generator.ts';
import { median } from './median.ts';

/** What is measured: an engine of ours, or a library made to do the same work. */
export interface Trainer {
  hold(shard: DataShard): Promise<void>;
  train(parameters: Float32Array, order: Uint32Array, local: LocalTraining): Promise<unknown>;
  dispose(): void;
}

const WINDOWS = 5;
/** Long enough that an engine has compiled what is hot. */
const WARM_UP_MS = 1500;
const WINDOW_MS = 500;
const STEPS = 20;
const SAMPLES = 1000;

/** Images like written digits in what matters for speed: four in five pixels are background. */
function digitLike(spec: ModelSpec): DataShard {
  const generator = createGenerator(7);
  const [height, width, channels] = spec.input;
  const images = Uint8Array.from({ length: SAMPLES * height * width * channels }, () =>
    generator.below(5) === 0 ? generator.below(256) : 0,
  );
  const classes = outputsOf(spec);
  const labels = Uint8Array.from({ length: SAMPLES }, () => generator.below(classes));
  return { samples: SAMPLES, shape: spec.input, images, labels };
}

/** Samples a second of local steps: the median of its windows; a slow engine does a step a window. */
export async function samplesPerSecond(engine: Trainer, spec: ModelSpec, batch: number): Promise<number> {
  await engine.hold(digitLike(spec));
  const parameters = initialParameters(spec, 1);
  const local = { batch, lr: 0.01, momentum: 0 };
  const run = async (steps: number) => {
    const begun = performance.now();
    await engine.train(parameters, unitOrder(1, 0, SAMPLES, steps * batch), local);
    return performance.now() - begun;
  };
  const steps = (await run(1)) > WINDOW_MS ? 1 : STEPS;
  const slow = steps === 1;
  for (let spent = 0; spent < WARM_UP_MS && !slow;) spent += await run(steps);
  const rates: number[] = [];
  for (let window = 0; window < (slow ? 2 : WINDOWS); window++) {
    let spent = 0;
    let done = 0;
    while (spent < WINDOW_MS) {
      spent += await run(steps);
      done += steps * batch;
    }
    rates.push((1000 * done) / spent);
  }
  return median(rates);
}
