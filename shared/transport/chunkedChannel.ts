import { checksumOf, encodeHead, MAX_CHUNK_BYTES } from '../protocol/channel.ts';
import { Assembler, type Message } from './assembler.ts';
import { errorMessage } from '../text/errorMessage.ts';

/** What carries the chunks: a data channel of any implementation. */
export interface RawChannel {
  /** Hands a chunk over; resolves when there is room for the next, and never where there will be none. */
  send(chunk: Uint8Array): Promise<void>;
  close(): void;
}

/** Runs a task later; the answer cancels it. */
export type After = (milliseconds: number, task: () => void) => () => void;

export interface ChunkedChannelParts {
  chunks: RawChannel;
  after: After;
  /** The largest message that is taken, in bytes. */
  maxMessageBytes: number;
  /** Bytes that may wait to be sent; beyond, the other end does not read, and the channel is closed. */
  maxQueuedBytes: number;
  /** Bytes a chunk; smaller ones for tests. */
  chunkBytes?: number;
  received: (message: Message) => void;
  /** Called once, with the reason where there is a fault. */
  closed: (reason: string | null) => void;
}

/** A message that has begun must go on: between two chunks no more than this may pass. */
const CHUNK_WITHIN_MS = 30_000;
/** However steadily it drips, a message is whole by then, and later by its size at the slowest rate. */
const MESSAGE_WITHIN_MS = 30_000;
const SLOWEST_BYTES_A_SECOND = 4 * 1024;
/** What waits to be sent must move: a chunk that finds no room for so long has nobody to read it. */
const ROOM_WITHIN_MS = 30_000;

/** The checksums of bytes that are sent to many: the weights of a version. */
const checksums = new WeakMap<Uint8Array, number>();

function checksumOnce(bytes: Uint8Array): number {
  const checksum = checksums.get(bytes) ?? checksumOf(bytes);
  checksums.set(bytes, checksum);
  return checksum;
}

interface Queued {
  parts: readonly Uint8Array[];
  bytes: number;
}

/**
 * Whole messages over a channel of chunks, the same on both ends: cut into chunks that are views of what was given,
 * sent as fast as the channel takes them, put together again at the other end, with a bound on everything [TR3] [TR4].
 */
export class ChunkedChannel {
  readonly #parts: ChunkedChannelParts;
  readonly #assembler: Assembler;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #sending = false;
  #open = true;
  #cancelChunk: () => void = () => undefined;
  #cancelMessage: () => void = () => undefined;

  constructor(parts: ChunkedChannelParts) {
    this.#parts = parts;
    this.#assembler = new Assembler(parts.maxMessageBytes);
  }

  get open(): boolean {
    return this.#open;
  }

  /** Bytes given to {@link send} that the channel has yet to take. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Queues a message. Its bytes are read until it is sent, and may not change after. Does nothing once the channel is
   * closed.
   */
  send(json: unknown, bytes: Uint8Array = new Uint8Array()): void {
    if (!this.#open) return;
    const text = new TextEncoder().encode(JSON.stringify(json));
    const length = text.byteLength + bytes.byteLength;
    const checksum = checksumOf(text, checksumOnce(bytes));
    const head = encodeHead({ bytes: length, checksum, jsonBytes: text.byteLength });
    this.#queue.push({ parts: [head, bytes, text], bytes: length });
    this.#queuedBytes += length;
    if (this.#queuedBytes > this.#parts.maxQueuedBytes) this.#end('what is sent is not read');
    else if (!this.#sending) void this.#drain();
  }

  /** Takes a chunk that came in. */
  receive(chunk: Uint8Array): void {
    if (!this.#open) return;
    const begins = !this.#assembler.halfway;
    const progress = this.#assembler.take(chunk);
    this.#cancelChunk();
    switch (progress.state) {
      case 'fault':
        this.#end(progress.reason);
        return;
      case 'whole':
        this.#cancelMessage();
        this.#parts.received(progress.message);
        return;
      case 'partial': {
        const late = () => this.#end('a message that was begun and not ended');
        this.#cancelChunk = this.#parts.after(CHUNK_WITHIN_MS, late);
        if (!begins) return;
        const { maxMessageBytes } = this.#parts;
        const within = MESSAGE_WITHIN_MS + (1000 * maxMessageBytes) / SLOWEST_BYTES_A_SECOND;
        this.#cancelMessage = this.#parts.after(within, late);
      }
    }
  }

  /** Ends it, or tells that it has ended: without a reason where there is no fault. */
  close(reason: string | null = null): void {
    this.#end(reason);
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      for (const chunk of this.#chunksOf(next)) if (!(await this.#sendChunk(chunk))) return;
      this.#queuedBytes -= next.bytes;
    }
    this.#sending = false;
  }

  /** Says whether there is a next one to send. */
  async #sendChunk(chunk: Uint8Array): Promise<boolean> {
    const cancel = this.#parts.after(ROOM_WITHIN_MS, () => this.#end('what is sent is not read'));
    try {
      await this.#parts.chunks.send(chunk);
    } catch (error) {
      this.#end(errorMessage(error));
    }
    cancel();
    return this.#open;
  }

  *#chunksOf({ parts }: Queued): Generator<Uint8Array> {
    const size = this.#parts.chunkBytes ?? MAX_CHUNK_BYTES;
    for (const part of parts) {
      for (let offset = 0; offset < part.byteLength; offset += size) {
        yield part.subarray(offset, offset + size);
      }
    }
  }

  #end(reason: string | null): void {
    if (!this.#open) return;
    this.#open = false;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#cancelChunk();
    this.#cancelMessage();
    this.#parts.chunks.close();
    this.#parts.closed(reason);
  }
}
