/**
 * A data shard as bytes, the body of `/data/<hash>.bin`, little-endian [DS2]:
 * u32 magic "TSDS", u32 samples, u32 height, u32 width, u32 channels, then the pixels as uint8 in NHWC order,
 * then one uint8 label a sample.
 */
export interface DataShard {
  samples: number;
  /** Height, width, channels. */
  shape: [number, number, number];
  /** samples x height x width x channels. */
  images: Uint8Array;
  labels: Uint8Array;
}

const MAGIC = 0x53445354;
const HEADER_BYTES = 20;

/** @throws {RangeError} when the arrays do not have `samples` entries of `shape`. */
export function encodeDataShard(shard: DataShard): Uint8Array {
  const [height, width, channels] = shard.shape;
  if (
    shard.images.length !== shard.samples * height * width * channels ||
    shard.labels.length !== shard.samples
  ) {
    throw new RangeError('data shard: images or labels do not match its size');
  }
  const bytes = new Uint8Array(HEADER_BYTES + shard.images.length + shard.labels.length);
  const view = new DataView(bytes.buffer);
  [MAGIC, shard.samples, height, width, channels].forEach((word, index) =>
    view.setUint32(index * 4, word, true),
  );
  bytes.set(shard.images, HEADER_BYTES);
  bytes.set(shard.labels, HEADER_BYTES + shard.images.length);
  return bytes;
}

/** Reads a data shard without copying. @throws {RangeError} when the bytes are not one. */
export function decodeDataShard(bytes: Uint8Array): DataShard {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new RangeError('data shard: not one');
  }
  const samples = view.getUint32(4, true);
  const shape: [number, number, number] = [
    view.getUint32(8, true),
    view.getUint32(12, true),
    view.getUint32(16, true),
  ];
  const pixels = samples * shape[0] * shape[1] * shape[2];
  if (bytes.byteLength !== HEADER_BYTES + pixels + samples) {
    throw new RangeError('data shard: truncated or padded');
  }
  return {
    samples,
    shape,
    images: bytes.subarray(HEADER_BYTES, HEADER_BYTES + pixels),
    labels: bytes.subarray(HEADER_BYTES + pixels),
  };
}
