import { maxPayloadOfAll } from '../../shared/codec/codecs.ts';

/** Room beside the values for the terms of a lease, the headers of as many slices as there may be, and what a transport adds. */
const MESSAGE_OVERHEAD_BYTES = 32 * 1024;

/**
 * The largest message that a device or a shard host has reason to send, whatever the codec, in bytes.
 * @param maxParameters of a model, all of which one host may have.
 */
export function messageLimit(maxParameters: number): number {
  return maxPayloadOfAll(maxParameters) + MESSAGE_OVERHEAD_BYTES;
}
