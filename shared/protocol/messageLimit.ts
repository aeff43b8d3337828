import { maxPayloadOfAll } from '../codec/codecs.ts';
import { BLOCK, type KeyRange } from '../model/ranges.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';

/** Room beside the largest slice for the terms of a lease and what a transport adds. */
const MESSAGE_OVERHEAD_BYTES = 16 * 1024;

/** The largest message that a device or a shard has reason to send, whatever the codec, in bytes. */
export function messageLimit(ranges: readonly KeyRange[]): number {
  const largest = Math.max(BLOCK, ...ranges.map(({ length }) => length));
  return FRAME_HEADER_BYTES + maxPayloadOfAll(largest) + MESSAGE_OVERHEAD_BYTES;
}
