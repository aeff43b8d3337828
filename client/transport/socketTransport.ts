import type { Socket } from 'socket.io-client';
import {
  NO_BYTES,
  TransportEnded,
  type Transport,
  type TransportReply,
  type TransportRequest,
} from './transport.ts';

/** A shard host by its socket: whole messages, socket.io's own acknowledgements. */
export class SocketTransport implements Transport {
  readonly name = 'socketio';
  readonly #socket: Socket;
  /** What ends each request that has no answer yet. */
  readonly #asked = new Set<() => void>();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  request({ event, body, bytes, withinMs }: TransportRequest): Promise<TransportReply> {
    const socket = this.#socket;
    const args = bytes.byteLength === 0 ? [body] : [body, bytes];
    return new Promise((resolve, reject) => {
      const lost = () => reject(new TransportEnded('the connection to a shard was lost'));
      this.#asked.add(lost);
      socket.once('disconnect', lost);
      socket.once('connect_error', lost);
      socket
        .timeout(withinMs)
        .emitWithAck(event, ...args)
        .then((answer: unknown) => resolve(replyOf(answer)))
        .catch(lost)
        .finally(() => {
          this.#asked.delete(lost);
          socket.off('disconnect', lost);
          socket.off('connect_error', lost);
        });
    });
  }

  /** Ends every request, those too that wait for a connection, and does not come back. */
  close(): void {
    this.#socket.sendBuffer = [];
    this.#socket.disconnect();
    for (const lost of this.#asked) lost();
  }
}

/** Takes the bytes out of an answer. */
function replyOf(answer: unknown): TransportReply {
  const { weights, ...rest } = answer as Record<string, unknown>;
  const bytes = weights instanceof ArrayBuffer ? new Uint8Array(weights) : weights;
  return { answer: rest, bytes: bytes instanceof Uint8Array ? bytes : NO_BYTES };
}
