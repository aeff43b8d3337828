import type { IceServer } from '../../shared/protocol/messages.ts';
import type { Message } from '../../shared/transport/assembler.ts';

/*
 * What the training worker and the page say to each other about one data channel. Browsers have data channels on
 * pages alone, and the training is in a worker: a port between the two carries whole messages, whose buffers are
 * handed over, not copied.
 */

export type ToPeer =
  | { type: 'answer'; sdp: string }
  | { type: 'send'; json: unknown; bytes: Uint8Array<ArrayBuffer> }
  /** Asks how much has moved either way. */
  | { type: 'check' }
  | { type: 'close' };

export type FromPeer =
  | { type: 'offer'; sdp: string }
  | { type: 'open' }
  | { type: 'message'; message: Message }
  /** Chunks that came in, and bytes that wait to go out. */
  | { type: 'moved'; received: number; waiting: number }
  /** It ended, or this page can have none. */
  | { type: 'closed'; reason: string };

/** What the page is given to make a data channel for a worker. */
export interface PeerRequest {
  port: MessagePort;
  iceServers: IceServer[];
  /** The largest message that the server has reason to send, in bytes. */
  maxMessageBytes: number;
}
