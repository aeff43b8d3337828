import { describe } from 'vitest';
import { DATASETS } from './datasets.ts';
import { datasetContract } from './testing/contract.ts';
import { squares } from './testing/squares.ts';

/** One of the table, and one that is not: what it shares with MNIST is the interface alone. */
const HELD_TO_IT = { ...DATASETS, squares };

describe('[DS3] [DS9] [DS11] [DS12] [DS13] the contract of data sets', () => {
  for (const [name, source] of Object.entries(HELD_TO_IT)) datasetContract(name, source);
});
