import { channelAnswer, type ChannelRequest } from '../../shared/protocol/channel.ts';
import type { Message } from '../../shared/transport/assembler.ts';
import type { After } from '../../shared/transport/chunkedChannel.ts';
import { TransportEnded, type TransportReply, type TransportRequest } from './transport.ts';

interface Waiting {
  resolve: (reply: TransportReply) => void;
  reject: (error: TransportEnded) => void;
}

/** The device's end of a channel: each request gets its one answer, or fails when the channel ends [TR1]. */
export class RequestClient {
  readonly #send: (request: ChannelRequest, bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #after: After;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: string | null = null;

  /** @param send hands a request and the bytes that go with it to the channel. */
  constructor(send: (request: ChannelRequest, bytes: Uint8Array<ArrayBuffer>) => void, after: After) {
    this.#send = send;
    this.#after = after;
  }

  /** Requests that have no answer yet. */
  get unanswered(): number {
    return this.#waiting.size;
  }

  /** @throws {TransportEnded} where there will be no answer any more, or none came in time. */
  request({ event, body, bytes, withinMs }: TransportRequest): Promise<TransportReply> {
    if (this.#ended !== null) return Promise.reject(new TransportEnded(this.#ended));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = () => {
        cancel();
        this.#waiting.delete(id);
      };
      const late = () => this.#waiting.get(id)?.reject(new TransportEnded('no answer in time'));
      const cancel = this.#after(withinMs, late);
      this.#waiting.set(id, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#send({ id, event, body }, bytes);
    });
  }

  /** Takes a message of the server. @throws {Error} where it is none of the protocol. */
  receive({ json, bytes }: Message): void {
    const { id, answer } = channelAnswer.parse(JSON.parse(json));
    this.#waiting.get(id)?.resolve({ answer, bytes });
  }

  /** The channel ended: all waiting requests fail. */
  end(reason: string): void {
    this.#ended ??= reason;
    for (const { reject } of [...this.#waiting.values()]) reject(new TransportEnded(this.#ended));
  }
}
