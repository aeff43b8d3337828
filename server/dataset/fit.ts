import { ModelSpecError, outputsOf, type ModelSpec } from '../../shared/model/spec.ts';

/** What a model has to fit. */
export interface DatasetShape {
  name: string;
  /** Height, width and channels of an image. */
  image: [number, number, number];
  /** Labels are 0 to below this. */
  classes: number;
}

/**
 * Checks that a model can be trained on a data set [MD5].
 * @throws {ModelSpecError} naming both shapes, or both numbers.
 */
export function checkFit(spec: ModelSpec, { name, image, classes }: DatasetShape): void {
  if (spec.input.join() !== image.join()) {
    throw new ModelSpecError(
      `model: input ${sizes(spec.input)} does not fit ${name}, whose images are ${sizes(image)}`,
    );
  }
  const outputs = outputsOf(spec);
  if (outputs < classes) {
    throw new ModelSpecError(
      `model: its last layer has ${outputs} units, ${name} has ${classes} classes: it needs one for each`,
    );
  }
}

/** What is odd about a model that can be trained all the same, in a sentence; null where nothing is. */
export function fitNote(spec: ModelSpec, { name, classes }: DatasetShape): string | null {
  const outputs = outputsOf(spec);
  if (outputs === classes) return null;
  return `${spec.name} has ${outputs} outputs, ${name} has ${classes} classes: no image belongs to the other outputs.`;
}

const sizes = (shape: readonly number[]) => shape.join(' x ');
