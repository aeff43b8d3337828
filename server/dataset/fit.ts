import { ModelSpecError, outputsOf, type ModelSpec } from '../../shared/model/spec.ts';
import type { DatasetDescription } from './manifest.ts';

/** What a model has to fit. */
type Described = Pick<DatasetDescription, 'title' | 'inputShape' | 'classes'>;

/**
 * Checks that a model can be trained on a data set [MD5].
 * @throws {ModelSpecError} naming both shapes, or both numbers.
 */
export function checkFit(spec: ModelSpec, { title, inputShape, classes }: Described): void {
  if (spec.input.join() !== inputShape.join()) {
    throw new ModelSpecError(
      `model: input ${sizes(spec.input)} does not fit ${title}, whose images are ${sizes(inputShape)}`,
    );
  }
  const outputs = outputsOf(spec);
  if (outputs < classes) {
    throw new ModelSpecError(
      `model: its last layer has ${outputs} units, ${title} has ${classes} classes: it needs one for each`,
    );
  }
}

/** What is odd about a model that can be trained all the same, in a sentence; null where nothing is. */
export function fitNote(spec: ModelSpec, { title, classes }: Described): string | null {
  const outputs = outputsOf(spec);
  if (outputs === classes) return null;
  return `${spec.name} has ${outputs} outputs, ${title} has ${classes} classes: no image belongs to the other outputs.`;
}

const sizes = (shape: readonly number[]) => shape.join(' x ');
