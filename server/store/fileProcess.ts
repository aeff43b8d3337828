import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.ts';
import { NO_ANSWER, withOpen, type Files, type FileKind, type OpenFile } from './files.ts';
import type { LmdbOperations } from './lmdbRows.ts';
import type { Change, KeySpan, Row } from './rows.ts';

/**
 * An operation that takes longer does not end: the mount is gone, or the disk is broken. No operation is more than
 * one chunk of a file or one flush.
 */
export const OPERATION_LIMIT_MS = 30_000;
/** Reads and writes are no more than this: a large file on a slow disk is many operations that each end in time. */
const CHUNK_BYTES = 8 * 1024 * 1024;

const ENDED = 'the process that writes files was ended';

const PROGRAM = fileURLToPath(new URL('./fileProcess.mjs', import.meta.url));

interface Answer {
  id: number;
  value?: unknown;
  error?: { message: string; code?: string; errno?: number; syscall?: string; path?: string };
}

/** What the process is asked for: a file is read chunk by chunk. */
type Operation = Exclude<keyof Files, 'read'> | 'readChunk' | keyof LmdbOperations | 'countRows';

/** An operation that is answered once it is durable: the disk works. */
const DURABLE: ReadonlySet<Operation> = new Set(['sync', 'writeRows']);

interface Asked {
  operation: Operation;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  cancelLimit: () => void;
}

/**
 * The file operations of the machine, and those on the rows of the store, in a process of their own. A call to a
 * mount that hangs cannot be taken back: it holds a thread, and a Node process does not end before its threads do.
 * This process can be left behind. It is started when it is first needed, and again after one was given up, until {@link end} [CK9].
 */
export class FileProcess implements Files, LmdbOperations {
  readonly #clock: Clock;
  readonly #asked = new Map<number, Asked>();
  #process: ChildProcess | null = null;
  #newest = 0;
  #hangs = false;
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The process id, or null where none runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Whether an operation got no answer in time, and nothing reached the disk since: reads may come from memory. */
  get hangs(): boolean {
    return this.#hangs;
  }

  /** Ends the process for good: what was asked of it fails, and so does what is asked later. */
  end(): void {
    this.#ended = true;
    this.#giveUp(ENDED);
  }

  kindOf(path: string): Promise<FileKind | null> {
    return this.#ask('kindOf', path);
  }

  list(folder: string): Promise<{ name: string; kind: FileKind }[]> {
    return this.#ask('list', folder);
  }

  read(path: string): Promise<Uint8Array> {
    return withOpen(this, path, 'r', async (file) => {
      const chunks: Uint8Array[] = [];
      for (;;) {
        const chunk = await this.#ask<Uint8Array>('readChunk', file, CHUNK_BYTES);
        if (chunk.length === 0) return Buffer.concat(chunks);
        chunks.push(chunk);
      }
    });
  }

  /** The name of an open file is never used twice, so what was opened in one process is nothing in the next. */
  async open(path: string, flags: 'r' | 'wx', mode?: number): Promise<OpenFile> {
    const file = ++this.#newest;
    await this.#ask('open', path, flags, file, mode);
    return file;
  }

  async write(file: OpenFile, bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
      await this.#ask('write', file, bytes.subarray(offset, offset + CHUNK_BYTES));
    }
  }

  sync(file: OpenFile): Promise<void> {
    return this.#ask('sync', file);
  }

  close(file: OpenFile): Promise<void> {
    return this.#ask('close', file);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#ask('rename', from, to);
  }

  remove(path: string): Promise<void> {
    return this.#ask('remove', path);
  }

  makeFolder(path: string): Promise<void> {
    return this.#ask('makeFolder', path);
  }

  removeFolder(path: string): Promise<void> {
    return this.#ask('removeFolder', path);
  }

  readRow(path: string, key: string): Promise<string | null> {
    return this.#ask('readRow', path, key);
  }

  readRows(path: string, span: KeySpan): Promise<Row[]> {
    return this.#ask('readRows', path, span);
  }

  writeRows(path: string, changes: readonly Change[]): Promise<void> {
    return this.#ask('writeRows', path, changes);
  }

  closeRows(path: string): Promise<void> {
    return this.#ask('closeRows', path);
  }

  /** Reads every row of an LMDB file, which is made where there is none. @throws {Error} where some cannot be read. */
  countRows(path: string): Promise<number> {
    return this.#ask('countRows', path);
  }

  #ask<Value>(operation: Operation, ...given: unknown[]): Promise<Value> {
    if (this.#ended) return Promise.reject(new Error(ENDED));
    const id = ++this.#newest;
    const child = (this.#process ??= this.#start());
    child.channel?.ref();
    return new Promise<Value>((resolve, reject) => {
      const cancelLimit = this.#clock.after(OPERATION_LIMIT_MS, () => {
        this.#hangs = true;
        this.#giveUp(`the file system gave no answer within ${OPERATION_LIMIT_MS / 1000} seconds`, NO_ANSWER);
      });
      this.#asked.set(id, { operation, resolve: resolve as Asked['resolve'], reject, cancelLimit });
      child.send({ id, operation, given });
    });
  }

  /** Listens for as long as the process lives; it alone does not keep this one alive. */
  #start(): ChildProcess {
    // Nothing of this process is handed on: a reader of its output must not wait for one that was left behind.
    const child = fork(PROGRAM, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    child.unref();
    child.on('message', (answer: Answer) => this.#settle(answer));
    const ended = (how: string | null) => {
      const by = how === null ? '' : ` (${how})`;
      if (this.#process === child) this.#giveUp(`the process that writes files ended${by}`);
    };
    child.on('error', ({ message }) => ended(message));
    // Its channel kept this process alive for an answer; now its end is to be told instead.
    child.on('disconnect', () => {
      if (this.#process === child) child.ref();
    });
    // A file that was cut short ends it with SIGBUS.
    child.on('exit', (_, signal) => ended(signal));
    return child;
  }

  #settle({ id, value, error }: Answer): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    if (DURABLE.has(asked.operation) && error === undefined) this.#hangs = false;
    asked.cancelLimit();
    if (this.#asked.size === 0) this.#process?.channel?.unref();
    if (error === undefined) asked.resolve(value);
    else asked.reject(Object.assign(new Error(error.message), error));
  }

  #giveUp(reason: string, code?: string): void {
    this.#process?.kill('SIGKILL');
    this.#process = null;
    for (const { reject, cancelLimit } of this.#asked.values()) {
      cancelLimit();
      reject(Object.assign(new Error(reason), { code }));
    }
    this.#asked.clear();
  }
}
