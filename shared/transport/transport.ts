import type { TransportName } from '../protocol/admin.ts';

/** What was asked will not be answered this way any more: the connection ended, or no answer came in time. */
export class TransportEnded extends Error {
  override name = 'TransportEnded';
}

/** What goes with a request that has no frame. */
export const NO_BYTES = new Uint8Array();

/** The answer to a request: what it says, and the bytes that came along, empty where there were none. */
export interface TransportReply {
  answer: Record<string, unknown>;
  bytes: Uint8Array;
}

/** The device's end of a way to the shards: requests one way, one answer to each back [TR1]. */
export interface Transport {
  readonly name: TransportName;
  /**
   * @param bytes a frame that goes with the request, in a buffer of its own, which is given away.
   * @throws {TransportEnded} where there will be no answer; what was asked may or may not have been done.
   */
  request(
    shard: number,
    event: string,
    body: object,
    bytes: Uint8Array<ArrayBuffer>,
    withinMs: number,
  ): Promise<TransportReply>;
}
