import type { IceServer } from '../../shared/protocol/messages.ts';
import { PING } from '../../shared/protocol/channel.ts';
import { RequestClient } from './requestClient.ts';
import {
  NO_BYTES,
  TransportEnded,
  type Transport,
  type TransportReply,
  type TransportRequest,
} from './transport.ts';
import { later } from './later.ts';
import type { FromPeer, PeerRequest, ToPeer } from './peerPort.ts';

/** A channel that has not opened by then will not. */
const OPEN_WITHIN_MS = 15_000;
/** The interval at which the channel is checked while requests wait. */
const CHECK_EVERY_MS = 1000;
/** A channel on which nothing moved for this many checks, though a ping should have been answered, has stalled. */
const STILL_LOOKS = 3;
/** What waits to go out and is less than this may stay in the browser's buffers forever: its fall is no movement. */
const TELLING_BYTES = 64 * 1024;
const NOT_LOOKED = { received: -1, waiting: 0, still: 0 };

export interface DataChannelParts {
  iceServers: IceServer[];
  maxMessageBytes: number;
  /** Takes the offer to the server and brings its answer. */
  signal: (offer: string) => Promise<string>;
  /** Asks the page to make a data channel. */
  openPeer: (request: PeerRequest) => void;
}

/** The worker's end of one data channel to one shard host. */
export class DataChannel implements Transport {
  readonly name = 'webrtc';
  readonly #port: MessagePort;
  readonly #requests: RequestClient;
  #timer: ReturnType<typeof setInterval> | undefined;
  #seen = NOT_LOOKED;
  #ended: (reason: string) => void = () => undefined;
  /** Resolves with the reason when the channel is over. */
  readonly ended = new Promise<string>((resolve) => (this.#ended = resolve));

  /** Resolves when the channel is open. @throws {TransportEnded} where it does not open. */
  static open(parts: DataChannelParts): Promise<DataChannel> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve, reject) => {
      const channel = new DataChannel(port1, parts, () => {
        clearTimeout(late);
        resolve(channel);
      });
      const late = setTimeout(() => channel.#end('did not open in time'), OPEN_WITHIN_MS);
      void channel.ended.then((reason) => {
        clearTimeout(late);
        reject(new TransportEnded(reason));
      });
      parts.openPeer({ port: port2, iceServers: parts.iceServers, maxMessageBytes: parts.maxMessageBytes });
    });
  }

  private constructor(port: MessagePort, { signal }: DataChannelParts, opened: () => void) {
    this.#port = port;
    this.#requests = new RequestClient((request, bytes) => {
      this.#tell({ type: 'send', json: request, bytes }, bytes.byteLength === 0 ? [] : [bytes.buffer]);
    }, later);
    port.onmessage = ({ data }: MessageEvent<FromPeer>) => {
      switch (data.type) {
        case 'offer':
          signal(data.sdp).then(
            (sdp) => this.#tell({ type: 'answer', sdp }),
            (error: unknown) => this.#end(String(error)),
          );
          break;
        case 'open':
          opened();
          break;
        case 'message':
          this.#receive(data.message);
          break;
        case 'moved':
          this.#look(data);
          break;
        case 'closed':
          this.#end(data.reason);
          break;
      }
    };
  }

  request(request: TransportRequest): Promise<TransportReply> {
    this.#timer ??= setInterval(() => this.#tell({ type: 'check' }), CHECK_EVERY_MS);
    return this.#ask(request);
  }

  close(): void {
    this.#end('closed');
  }

  #receive(message: Parameters<RequestClient['receive']>[0]): void {
    try {
      this.#requests.receive(message);
    } catch {
      this.#end('the server sent what is no answer');
    }
  }

  /** A decision may take long without a message: a ping is answered at once. */
  #look({ received, waiting }: { received: number; waiting: number }): void {
    const seen = this.#seen;
    const moved = received > seen.received || (seen.waiting > TELLING_BYTES && waiting < seen.waiting);
    this.#seen = { received, waiting, still: moved ? 0 : seen.still + 1 };
    if (this.#seen.still > STILL_LOOKS) this.#end('stalled');
    else if (this.#seen.still === 1) {
      const withinMs = (1 + STILL_LOOKS) * CHECK_EVERY_MS;
      const ping = { event: PING, body: {}, bytes: NO_BYTES, withinMs };
      this.#ask(ping).catch(() => undefined);
    }
  }

  /** After the last answer, to any request, there is nothing to look for. */
  async #ask(request: TransportRequest): Promise<TransportReply> {
    try {
      return await this.#requests.request(request);
    } finally {
      if (this.#requests.unanswered === 0) this.#rest();
    }
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#seen = NOT_LOOKED;
  }

  #tell(message: ToPeer, handedOver: Transferable[] = []): void {
    this.#port.postMessage(message, handedOver);
  }

  #end(reason: string): void {
    this.#rest();
    this.#tell({ type: 'close' });
    this.#requests.end(reason);
    this.#ended(reason);
  }
}
