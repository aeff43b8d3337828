import { cnn3264 } from './cnn-32-64.ts';
import type { ZooEntry } from './entry.ts';
import { lenet } from './lenet.ts';
import { rayConvnet } from './ray-convnet.ts';

/** The models that `--model` knows, by name. To add one, write its file and list it here. */
export const zoo: ReadonlyMap<string, ZooEntry> = new Map(
  [rayConvnet, lenet, cnn3264].map((entry) => [entry.spec.name, entry]),
);
