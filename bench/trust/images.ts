import { decodeDataShard, type DataShard } from '../../shared/dataset/dataShard.ts';
import { loadDataset } from '../../server/dataset/cut.ts';
import { DATASETS } from '../../server/dataset/datasets.ts';
import type { Dataset } from '../../server/dataset/dataset.ts';

/** What the cells of one process are trained and measured on. */
export interface Images {
  train: Dataset['train'];
  /** By index. */
  honest: readonly DataShard[];
  /** The same with each label y as 9 - y. */
  flipped: readonly DataShard[];
  test: DataShard;
}

export async function loadImages(): Promise<Images> {
  const { train, test, manifest } = await loadDataset(DATASETS.mnist);
  const honest = train.map(({ bytes }) => decodeDataShard(bytes));
  const highest = manifest.classes - 1;
  const flipped = honest.map((shard) => ({ ...shard, labels: shard.labels.map((label) => highest - label) }));
  return { train, honest, flipped, test };
}
