import { basename, dirname } from 'node:path';
import { codeOf, NO_ANSWER, type Files, type FileKind, type OpenFile } from '../files.ts';

/** What a disk remembers after a power cut: of its names either all, or those alone that were synced. */
export type Memory = 'all names' | 'synced names';

class StoredFile {
  readonly kind = 'file';
  content: Uint8Array;
  /** What a power cut leaves of it. */
  synced: Uint8Array;

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.content = content;
    this.synced = content;
  }
}

class StoredFolder {
  readonly kind = 'folder';
  names = new Map<string, StoredFile | StoredFolder>();
  syncedNames = new Map<string, StoredFile | StoredFolder>();
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/** Asked before each operation, with the bytes it writes; the operation waits for it and fails with what it throws. */
export type Fault = (operation: string, path: string, bytes: number) => void | Promise<void>;

/**
 * A disk in memory that forgets at a power cut what was not synced: a file's content, and the names in a folder.
 * It keeps a log of its operations, and any of them can be made to fail. One that fails for want of an answer takes
 * the open files with it, as the end of the process that had them open does.
 */
export class Disk implements Files {
  readonly #root: StoredFolder;
  readonly #open = new Map<OpenFile, { node: StoredFile | StoredFolder; path: string }>();
  #newest = 0;
  /** The operations so far, such as `rename /data/a /data/b`. */
  readonly log: string[] = [];
  fault: Fault = () => undefined;

  constructor(root = new StoredFolder()) {
    this.#root = root;
  }

  /** This disk as it is found after a power cut now. */
  afterPowerCut(memory: Memory): Disk {
    const remembered = (node: StoredFile | StoredFolder): StoredFile | StoredFolder => {
      if (node.kind === 'file') return new StoredFile(node.synced);
      const folder = new StoredFolder();
      const names = memory === 'all names' ? node.names : node.syncedNames;
      for (const [name, inside] of names) folder.names.set(name, remembered(inside));
      folder.syncedNames = new Map(folder.names);
      return folder;
    };
    return new Disk(remembered(this.#root) as StoredFolder);
  }

  kindOf(path: string): Promise<FileKind | null> {
    return Promise.resolve(this.#find(path)?.kind ?? null);
  }

  async list(path: string): Promise<{ name: string; kind: FileKind }[]> {
    await this.#ask('list', path);
    return [...this.#folder(path).names].map(([name, { kind }]) => ({ name, kind }));
  }

  async read(path: string): Promise<Uint8Array> {
    await this.#ask('read', path);
    return this.#file(path).content.slice();
  }

  async open(path: string, flags: 'r' | 'wx'): Promise<OpenFile> {
    await this.#do('open', path);
    if (flags === 'wx') {
      if (this.#find(path) !== null) throw failure('EEXIST', path);
      this.#folder(dirname(path)).names.set(basename(path), new StoredFile());
    }
    const node = this.#find(path);
    if (node === null) throw failure('ENOENT', path);
    this.#open.set(++this.#newest, { node, path });
    return this.#newest;
  }

  async write(file: OpenFile, bytes: Uint8Array): Promise<void> {
    const { node, path } = this.#opened(file);
    if (node.kind !== 'file') throw failure('EISDIR', path);
    await this.#ask('write', path, bytes.length);
    this.log.push(`write ${path}`);
    node.content = Buffer.concat([node.content, bytes]);
  }

  async sync(file: OpenFile): Promise<void> {
    const { node, path } = this.#opened(file);
    await this.#do('sync', path);
    if (node.kind === 'file') node.synced = node.content;
    else node.syncedNames = new Map(node.names);
  }

  async close(file: OpenFile): Promise<void> {
    const { path } = this.#opened(file);
    this.#open.delete(file);
    await this.#do('close', path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#do('rename', from, to);
    const node = this.#find(from);
    if (node === null) throw failure('ENOENT', from);
    const target = this.#find(to);
    if (target?.kind === 'folder' && target.names.size > 0) throw failure('ENOTEMPTY', to);
    if (target !== null && target.kind !== node.kind) throw failure('EISDIR', to);
    this.#folder(dirname(to)).names.set(basename(to), node);
    this.#folder(dirname(from)).names.delete(basename(from));
  }

  async remove(path: string): Promise<void> {
    await this.#do('remove', path);
    if (this.#find(path) !== null) this.#folder(dirname(path)).names.delete(basename(path));
  }

  async makeFolder(path: string): Promise<void> {
    await this.#do('makeFolder', path);
    if (this.#find(path) !== null) throw failure('EEXIST', path);
    this.#folder(dirname(path)).names.set(basename(path), new StoredFolder());
  }

  async removeFolder(path: string): Promise<void> {
    await this.#do('removeFolder', path);
    if (this.#folder(path).names.size > 0) throw failure('ENOTEMPTY', path);
    this.#folder(dirname(path)).names.delete(basename(path));
  }

  async #do(operation: string, ...paths: [string, ...string[]]): Promise<void> {
    await this.#ask(operation, paths[0]);
    this.log.push([operation, ...paths].join(' '));
  }

  async #ask(operation: string, path: string, bytes = 0): Promise<void> {
    try {
      await this.fault(operation, path, bytes);
    } catch (error) {
      if (codeOf(error) === NO_ANSWER) this.#open.clear();
      throw error;
    }
  }

  #opened(file: OpenFile): { node: StoredFile | StoredFolder; path: string } {
    const opened = this.#open.get(file);
    if (opened === undefined) throw failure('EBADF', String(file));
    return opened;
  }

  #find(path: string): StoredFile | StoredFolder | null {
    let node: StoredFile | StoredFolder = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const inside: StoredFile | StoredFolder | undefined =
        node.kind === 'folder' ? node.names.get(name) : undefined;
      if (inside === undefined) return null;
      node = inside;
    }
    return node;
  }

  #folder(path: string): StoredFolder {
    const node = this.#find(path);
    if (node?.kind === 'folder') return node;
    throw failure(node === null ? 'ENOENT' : 'ENOTDIR', path);
  }

  #file(path: string): StoredFile {
    const node = this.#find(path);
    if (node?.kind === 'file') return node;
    throw failure(node === null ? 'ENOENT' : 'EISDIR', path);
  }
}
