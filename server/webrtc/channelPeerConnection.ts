import type { DataChannel, PeerConnection } from 'node-datachannel';
import { ChunkedChannel, type RawChannel } from '../../shared/transport/chunkedChannel.ts';
import type { Message } from '../../shared/transport/assembler.ts';
import type { Clock } from '../core/clock.ts';
import { UplinkMeter } from '../gateway/uplinkMeter.ts';

/** Above this a channel's own buffer takes no more; below the other mark it takes again, in bytes. */
const HIGH_WATER_BYTES = 512 * 1024;
const LOW_WATER_BYTES = 128 * 1024;
/** Gathering the addresses of this machine takes no time; those that STUN servers know may. */
const ANSWER_WITHIN_MS = 10_000;
/** A peer connection that has no channel by then is closed. */
const OPEN_WITHIN_MS = 20_000;

/** Is given a channel once it is open, and answers who takes its messages. */
export type ServeChannel = (channel: ChunkedChannel, uplink: UplinkMeter) => (message: Message) => void;

export interface ChannelPeerConnectionParts {
  clock: Clock;
  maxMessageBytes: number;
  maxQueuedBytes: number;
  serve: ServeChannel;
  /** Called when the native part is done with it; until then it must be held on to. */
  ended: () => void;
}

/** One native peer connection and its one data channel. */
export class ChannelPeerConnection {
  readonly #connection: PeerConnection;
  readonly #parts: ChannelPeerConnectionParts;
  readonly #cancelOpen: () => void;
  #channel: ChunkedChannel | null = null;
  #over = false;

  constructor(connection: PeerConnection, parts: ChannelPeerConnectionParts) {
    this.#connection = connection;
    this.#parts = parts;
    this.#cancelOpen = parts.clock.after(OPEN_WITHIN_MS, () => this.close());
    connection.onStateChange((state) => {
      if (state === 'closed') parts.ended();
      if (state === 'closed' || state === 'failed' || state === 'disconnected') this.close();
    });
    connection.onDataChannel((channel) => this.#serve(channel));
  }

  /** Whether its channel is open. */
  get opened(): boolean {
    return this.#channel !== null;
  }

  /** @throws {Error} where the offer is none, or has no answer in time. */
  answer(offer: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.after(ANSWER_WITHIN_MS, () => reject(new Error('no answer in time')));
      this.#connection.onGatheringStateChange((state) => {
        if (state !== 'complete' || this.#over) return;
        cancel();
        const description = this.#connection.localDescription();
        if (description === null) reject(new Error('the offer has no answer'));
        else resolve(description.sdp);
      });
      this.#connection.setRemoteDescription(offer, 'offer');
    });
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelOpen();
    this.#channel?.close();
    this.#connection.close();
  }

  #serve(data: DataChannel): void {
    let channel: ChunkedChannel | null = null;
    // The native part lets go of a channel that was listened to alone.
    data.onClosed(() => channel?.close());
    if (this.#over || this.#channel !== null) {
      // One channel a connection: a peer that opens a second one breaks the protocol.
      this.close();
      return;
    }
    this.#cancelOpen();
    const { clock, maxMessageBytes, maxQueuedBytes, serve } = this.#parts;
    const uplink = new UplinkMeter(() => clock.now());
    let receive: (message: Message) => void = () => undefined;
    channel = new ChunkedChannel({
      chunks: chunksOf(data),
      maxMessageBytes,
      maxQueuedBytes,
      after: (milliseconds, task) => clock.after(milliseconds, task),
      received: (message) => {
        uplink.ended();
        receive(message);
      },
      closed: () => this.close(),
    });
    this.#channel = channel;
    receive = serve(channel, uplink);
    data.onError(() => this.close());
    data.onMessage((chunk) => {
      if (typeof chunk === 'string') {
        this.close();
        return;
      }
      uplink.read(chunk.byteLength);
      channel.receive(chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk);
    });
  }
}

/** The data channel as something that carries chunks, with room for more or not. */
function chunksOf(data: DataChannel): RawChannel {
  let roomy: () => void = () => undefined;
  data.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
  data.onBufferedAmountLow(() => roomy());
  return {
    async send(chunk) {
      data.sendMessageBinary(chunk);
      if (data.bufferedAmount() <= HIGH_WATER_BYTES) return;
      await new Promise<void>((resolve) => (roomy = resolve));
    },
    close: () => {
      if (data.isOpen()) data.close();
    },
  };
}
