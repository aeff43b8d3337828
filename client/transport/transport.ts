import type { TransportName } from '../../shared/protocol/admin.ts';

/** What was asked will not be answered this way any more: the connection ended, or no answer came in time. */
export class TransportEnded extends Error {
  override name = 'TransportEnded';
}

/** What goes with a request that has no pack. */
export const NO_BYTES = new Uint8Array();

/** What a device asks of a shard host. */
export interface TransportRequest {
  event: string;
  body: object;
  /** A pack that goes with it, in a buffer of its own, which is given away; {@link NO_BYTES} where there is none. */
  bytes: Uint8Array<ArrayBuffer>;
  /** How long to wait for an answer, in milliseconds. */
  withinMs: number;
}

/** The answer to a request: what it says, and the bytes that came along, empty where there were none. */
export interface TransportReply {
  answer: Record<string, unknown>;
  bytes: Uint8Array;
}

/** The device's end of a transport to a shard host: requests one way, one answer to each back [TR1]. */
export interface Transport {
  readonly name: TransportName;
  /** @throws {TransportEnded} where there will be no answer; what was asked may or may not have been done. */
  request(request: TransportRequest): Promise<TransportReply>;
}
