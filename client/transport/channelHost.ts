import { EVENTS, signalAnswer, type IceServer } from '../../shared/protocol/messages.ts';
import { NO_BYTES, type Transport } from './transport.ts';
import type { FindAlternate, AlternateTransport } from './connect.ts';
import { DataChannel } from './dataChannel.ts';
import type { PeerRequest } from './peerPort.ts';
import { ANSWER_WITHIN_MS } from './hostClient.ts';
import { TRANSPORT_PREFERENCES, type TransportPreference } from '../../shared/transport/preference.ts';

/** How often a channel is opened, the first time included. */
const TRIES = 4;
/** The pause before the second try; each is twice the last. */
const FIRST_PAUSE_MS = 4000;

interface ChannelHostParts {
  iceServers: IceServer[];
  maxMessageBytes: number;
  /** Takes the offers. */
  socket: Transport;
  openPeer: (request: PeerRequest) => void;
}

/** The data channels that a browser can have: one to each shard host. */
export function dataChannels(
  preference: TransportPreference,
  openPeer: (request: PeerRequest) => void,
): FindAlternate {
  const { opensChannels, waitsForChannels } = TRANSPORT_PREFERENCES[preference];
  return (offer, socket) => {
    if (offer === null || !opensChannels) return null;
    const { wanted, ...parts } = offer;
    const alternate = new ChannelHost({ ...parts, socket, openPeer });
    return { alternate, wanted: wanted || waitsForChannels };
  };
}

/** The data channel to one shard host: opened while training goes on, and again when it ended. */
class ChannelHost implements AlternateTransport {
  readonly #parts: ChannelHostParts;
  #channel: DataChannel | null = null;
  #left = false;

  constructor(parts: ChannelHostParts) {
    this.#parts = parts;
  }

  get transport(): Transport | null {
    return this.#channel;
  }

  open(): Promise<void> {
    const first = this.#try();
    void this.#keepTrying(first);
    return first;
  }

  close(): void {
    this.#left = true;
    this.#channel?.close();
  }

  async #keepTrying(first: Promise<void>): Promise<void> {
    await first;
    for (let tries = 1; tries < TRIES; tries++) {
      await this.#channel?.ended;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (tries - 1)));
      if (this.#left) return;
      await this.#try();
    }
  }

  async #try(): Promise<void> {
    const { iceServers, maxMessageBytes, openPeer } = this.#parts;
    try {
      const channel = await DataChannel.open({
        iceServers,
        maxMessageBytes,
        signal: (offer) => this.#signal(offer),
        openPeer,
      });
      if (this.#left) channel.close();
      else this.#use(channel);
    } catch {
      // The socket goes on; the next try may succeed.
    }
  }

  #use(channel: DataChannel): void {
    this.#channel = channel;
    // The next one is opened only then.
    void channel.ended.then(() => (this.#channel = null));
  }

  async #signal(offer: string): Promise<string> {
    const { socket } = this.#parts;
    const reply = await socket.request({
      event: EVENTS.signal,
      body: { offer },
      bytes: NO_BYTES,
      withinMs: ANSWER_WITHIN_MS,
    });
    const { outcome, reason, answer } = signalAnswer.parse(reply.answer);
    if (answer === undefined) throw new Error(reason ?? outcome);
    return answer;
  }
}
