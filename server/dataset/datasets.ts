import type { DatasetSource } from './dataset.ts';
import { mnist } from './mnist.ts';

/** The data sets that `--dataset` knows, by name. To add one, write its file and list it here. */
export const DATASETS = { mnist } as const satisfies Record<string, DatasetSource>;

export type DatasetName = keyof typeof DATASETS;

/** Their names, in the order of the table. */
export const DATASET_NAMES = Object.keys(DATASETS) as [DatasetName, ...DatasetName[]];

/** What runs trained on before `--dataset`: their checkpoints name none. */
export const DATASET_BEFORE_CHOICE: DatasetName = 'mnist';
