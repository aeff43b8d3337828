import { channelRequest, PING } from '../../shared/protocol/channel.ts';
import type { Message } from '../../shared/transport/assembler.ts';
import type { ChunkedChannel } from '../../shared/transport/chunkedChannel.ts';
import { createDispatcher, type Answer, type Dispatch, type Handler, type Peer } from '../gateway/peer.ts';

/** What an answer carries before its JSON. */
type WithWeights = Answer & { weights?: Uint8Array<ArrayBuffer> };

const PONG: Record<string, Handler> = { [PING]: (_args, reply) => reply({ outcome: 'OK' }) };

export interface ChannelPeerParts {
  /** The device's socket: what it does wrong here counts there, and ends there. */
  socket: Peer;
  handlers: Record<string, Handler>;
  failed: (error: unknown) => void;
  /** Unanswered requests. */
  maxInFlight: number;
}

/** Answers what a device asks over a data channel, by the same handlers and rules as over its socket [TR1]. */
export class ChannelPeer {
  readonly #channel: ChunkedChannel;
  readonly #socket: Peer;
  readonly #dispatch: Dispatch;

  constructor(channel: ChunkedChannel, { socket, handlers, failed, maxInFlight }: ChannelPeerParts) {
    this.#channel = channel;
    this.#socket = socket;
    // What piles up here is bounded by the channel itself.
    const peer: Peer = { ...socket, behind: () => false };
    this.#dispatch = createDispatcher(peer, { ...handlers, ...PONG }, failed, maxInFlight);
  }

  /** Takes a whole message of the device. */
  receive({ json, bytes }: Message): void {
    const request = channelRequest.safeParse(parsed(json));
    if (!request.success) {
      // Without an id there is nothing that an answer could belong to.
      this.#socket.close('TOO_MANY_FAULTS', 'a message on a data channel that is no request');
      return;
    }
    const { id, event, body } = request.data;
    this.#dispatch(event, [body, bytes], ({ weights, ...answer }: WithWeights) => {
      this.#channel.send({ id, answer }, weights);
    });
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
