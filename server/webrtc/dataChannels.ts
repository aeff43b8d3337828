import type * as NodeDataChannel from 'node-datachannel';
import type { RtcConfig } from 'node-datachannel';
import { MAX_CHUNK_BYTES } from '../../shared/protocol/channel.ts';
import type { Clock } from '../core/clock.ts';
import { ChannelPeerConnection, type ServeChannel } from './channelPeerConnection.ts';
import { withoutNames } from './offer.ts';

export type DataChannelLibrary = typeof NodeDataChannel;

/** Peers of one process: each has threads of its own buffers in the native part. */
const MAX_PEERS = 1024;
/** Those of which no channel is open yet: an offer costs the server more than the one who sends it. */
const MAX_UNOPENED = 64;

export interface DataChannelsParts {
  /** The UDP port of all peers. */
  port: number;
  /** Address to listen on; null: all. */
  address: string | null;
  /** STUN and TURN servers, as `stun:host:port` or `turn:user:password@host:port`. */
  iceServers: string[];
  maxMessageBytes: number;
  /** Messages of the largest size that may wait for a device that reads slowly. */
  maxQueuedMessages: number;
  clock: Clock;
}

/** A peer whose offer was answered. */
export interface AnsweredPeer {
  /** The session description to send back; it has all addresses in it. */
  answer: string;
  close(): void;
}

/** WebRTC data channels of one process, all on one UDP port [TR5]. */
export class DataChannels {
  readonly #parts: DataChannelsParts;
  readonly #library: DataChannelLibrary;
  readonly #peers = new Set<ChannelPeerConnection>();

  constructor(library: DataChannelLibrary, parts: DataChannelsParts) {
    this.#parts = parts;
    this.#library = library;
  }

  /** Peers whose connection is not closed. */
  get peers(): number {
    return this.#peers.size;
  }

  /**
   * Answers an offer with all of this machine's addresses.
   * @param serve is given the channel once it is open, and answers who takes its messages.
   * @throws {Error} where there are too many peers, or the offer is none that can be answered.
   */
  async accept(offer: string, serve: ServeChannel): Promise<AnsweredPeer> {
    const unopened = [...this.#peers].filter(({ opened }) => !opened).length;
    if (this.#peers.size >= MAX_PEERS || unopened >= MAX_UNOPENED) {
      throw new Error('this server has as many data channels as it takes');
    }
    const { port, address, iceServers, maxMessageBytes, maxQueuedMessages, clock } = this.#parts;
    const config: RtcConfig = {
      iceServers,
      enableIceUdpMux: true,
      portRangeBegin: port,
      portRangeEnd: port,
      maxMessageSize: MAX_CHUNK_BYTES,
      ...(address === null ? {} : { bindAddress: address }),
    };
    const connection = new this.#library.PeerConnection('tabswarm', config);
    const maxQueuedBytes = maxQueuedMessages * maxMessageBytes;
    const peer = new ChannelPeerConnection(connection, {
      clock,
      maxMessageBytes,
      maxQueuedBytes,
      serve,
      ended: () => this.#peers.delete(peer),
    });
    this.#peers.add(peer);
    try {
      return { answer: await peer.answer(withoutNames(offer)), close: () => peer.close() };
    } catch {
      peer.close();
      throw new Error('the offer cannot be answered');
    }
  }

  /** Cuts every channel, as a network would; a device may come again. */
  cut(): void {
    for (const peer of this.#peers) peer.close();
  }
}
