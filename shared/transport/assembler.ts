import { checksumOf, decodeHead, HEAD_BYTES, MAX_CHUNK_BYTES, type Head } from '../protocol/channel.ts';

/** A whole message as it came: JSON text, and the bytes before it. */
export interface Message {
  json: string;
  /** Of a buffer of its own; empty where there were none. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** What one chunk made of the message that it belongs to. */
export type AssemblyProgress =
  | { state: 'partial' }
  | { state: 'whole'; message: Message }
  /** The other end does not speak the protocol, or sends what it may not. */
  | { state: 'fault'; reason: string };

const PARTIAL: AssemblyProgress = { state: 'partial' };
const fault = (reason: string): AssemblyProgress => ({ state: 'fault', reason });

interface Begun extends Head {
  into: Uint8Array<ArrayBuffer>;
  filled: number;
}

/**
 * Puts chunks together into messages [TR3]. Holds at most one message, whose size is bounded before a byte of it
 * is kept; after a fault it is of no use any more.
 */
export class Assembler {
  readonly #maxBytes: number;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #headFilled = 0;
  #begun: Begun | null = null;

  /** @param maxBytes of a message, its head left out. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a message has begun and is not whole. */
  get halfway(): boolean {
    return this.#headFilled > 0;
  }

  /** Takes the next chunk, whole: no chunk holds bytes of two messages. */
  take(chunk: Uint8Array): AssemblyProgress {
    if (chunk.byteLength === 0) return fault('an empty chunk');
    if (chunk.byteLength > MAX_CHUNK_BYTES) return fault(`a chunk of ${chunk.byteLength} bytes`);
    return this.#begun === null ? this.#takeHead(chunk) : this.#takeBody(this.#begun, chunk);
  }

  #takeHead(chunk: Uint8Array): AssemblyProgress {
    if (chunk.byteLength > HEAD_BYTES - this.#headFilled) return fault('a chunk that is no head');
    this.#head.set(chunk, this.#headFilled);
    this.#headFilled += chunk.byteLength;
    if (this.#headFilled < HEAD_BYTES) return PARTIAL;
    const head = decodeHead(this.#head);
    if (head === null) return fault('not the head of a message');
    if (head.bytes > this.#maxBytes) return fault(`a message of ${head.bytes} bytes`);
    if (head.jsonBytes === 0) return fault('a message without JSON');
    this.#begun = { ...head, into: new Uint8Array(head.bytes), filled: 0 };
    return PARTIAL;
  }

  #takeBody(begun: Begun, chunk: Uint8Array): AssemblyProgress {
    if (chunk.byteLength > begun.bytes - begun.filled) return fault('a chunk beyond the end of its message');
    begun.into.set(chunk, begun.filled);
    begun.filled += chunk.byteLength;
    if (begun.filled < begun.bytes) return PARTIAL;
    this.#begun = null;
    this.#headFilled = 0;
    if (checksumOf(begun.into) !== begun.checksum) return fault('a message whose checksum does not match');
    const end = begun.bytes - begun.jsonBytes;
    const json = new TextDecoder().decode(begun.into.subarray(end));
    return { state: 'whole', message: { json, bytes: begun.into.subarray(0, end) } };
  }
}
