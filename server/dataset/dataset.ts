import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { DatasetDescription, DatasetManifest } from './manifest.ts';

/** Images and their labels, whatever their number, as a data set has them before it is cut. */
export type LabelledImages = DataShard;

/** The two parts of a data set, in the order of its files. */
export interface LabelledParts {
  train: LabelledImages;
  test: LabelledImages;
}

/** A data set that the project can read: one file of this folder each, and a row of `DATASETS`. */
export interface DatasetSource {
  description: DatasetDescription;
  /** How many training samples are cut into one data shard, with the reason beside the number. */
  samplesPerDataShard: number;
  /**
   * Reads and verifies the files.
   * @throws {DatasetError} naming the first file that is not what it should be.
   */
  read: () => Promise<LabelledParts>;
}

/** A data shard as it is served. */
export interface DataShardFile {
  index: number;
  samples: number;
  /** SHA-256 of the bytes, in 64 hexadecimal digits. */
  hash: string;
  /** `/data/<first 32 hex digits of the hash>.bin`. */
  path: string;
  /** In the format of shared/dataset/dataShard.ts. */
  bytes: Uint8Array;
}

/** A data set that was read: what the rest of the server knows of it. */
export interface Dataset {
  manifest: DatasetManifest;
  /** The training set, in the order of the manifest. */
  train: readonly DataShardFile[];
  /** The held-out set, which the server measures on and never serves. */
  test: LabelledImages;
}
