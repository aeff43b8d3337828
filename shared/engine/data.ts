import type { DataShard } from '../dataset/dataShard.ts';
import { outputsOf, type ModelSpec } from '../model/spec.ts';

/** Data that a model cannot be trained on; the message is one sentence that names both. */
export class DataMisfitError extends RangeError {
  override name = 'DataMisfitError';
}

/**
 * Checks that a model can be trained and measured on a data shard [EN11]: a kernel reads what lies behind the
 * logits for a label without one.
 * @throws {DataMisfitError} naming both shapes, or the label and how many outputs there are.
 */
export function checkData(spec: ModelSpec, { shape, labels }: Pick<DataShard, 'shape' | 'labels'>): void {
  if (shape.join() !== spec.input.join()) {
    const sizes = `images are ${shape.join(' x ')}, ${spec.name} takes ${spec.input.join(' x ')}`;
    throw new DataMisfitError(`The data does not fit the model: ${sizes}.`);
  }
  const outputs = outputsOf(spec);
  const label = labels.find((each) => each >= outputs);
  if (label !== undefined) {
    const both = `an image has the label ${label}, ${spec.name} has ${outputs} outputs`;
    throw new DataMisfitError(`The data does not fit the model: ${both}.`);
  }
}
