import { loadDataset } from '../../server/dataset/cut.ts';
import { mnist } from '../../server/dataset/mnist.ts';
import { lenet } from '../../server/zoo/lenet.ts';
import { decodeDataShard } from '../../shared/dataset/dataShard.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { nameOf, type Gradients } from './bots.ts';

/** One dense layer, 7,850 parameters: its updates are as large as those of `lenet`, and the server computes them in no time. */
export const LINEAR: ModelSpec = {
  ...lenet.spec,
  name: 'linear',
  layers: [{ kind: 'flatten' }, { kind: 'dense', units: 10 }],
};

/** Of every data shard of MNIST as a whole, at the first weights of a seed. */
export async function gradientsOf(seed: number): Promise<Gradients> {
  const engine = await createWasmEngine(LINEAR);
  const { train } = await loadDataset(mnist);
  const weights = initialParameters(LINEAR, seed);
  const gradients = new Map<string, Float32Array>();
  for (const { bytes } of train) {
    const shard = decodeDataShard(bytes);
    await engine.hold(shard);
    const order = Uint32Array.from({ length: shard.samples }, (_, index) => index);
    gradients.set(nameOf(shard), (await engine.gradient(weights, order)).gradient.slice());
  }
  engine.dispose();
  return gradients;
}
