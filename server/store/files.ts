/** What lies at a path, links followed. */
export type FileKind = 'file' | 'folder' | 'other';

/** A file that was opened; of use to who opened it alone. */
export type OpenFile = number;

/**
 * The few file operations that the store is made of. Each fails with the file system's own error, which has a
 * `code`. Tests have a disk of their own behind them: one whose power can be cut, or whose operations fail.
 */
export interface Files {
  /** What lies at a path, or null where nothing does. */
  kindOf(path: string): Promise<FileKind | null>;
  /** The names in a folder, and what each of them itself is. */
  list(folder: string): Promise<{ name: string; kind: FileKind }[]>;
  read(path: string): Promise<Uint8Array>;
  /**
   * `wx` makes a new file and fails where there is one; `r` opens what is there, folders too.
   * @param mode permissions of a new file; without it, the system's default.
   */
  open(path: string, flags: 'r' | 'wx', mode?: number): Promise<OpenFile>;
  /** Writes all of the bytes at the end of the file. */
  write(file: OpenFile, bytes: Uint8Array): Promise<void>;
  /** Answers when what was written, or a folder's names, would outlast a power cut. */
  sync(file: OpenFile): Promise<void>;
  close(file: OpenFile): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is not there counts as removed. */
  remove(path: string): Promise<void>;
  /** Makes one folder in a folder that there is. */
  makeFolder(path: string): Promise<void>;
  /** Removes an empty folder. */
  removeFolder(path: string): Promise<void>;
}

/** The code of an operation that got no answer in time. */
export const NO_ANSWER = 'ETIMEDOUT';

/** The file system's short name of an error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/**
 * Tidies up after a failure, which stays the one to tell of whatever becomes of that. Where it is the want of an
 * answer nothing is done: the file system would only be waited for once more [CK9].
 */
export async function tidyAfter(failure: unknown, tidy: () => Promise<void>): Promise<void> {
  if (codeOf(failure) !== NO_ANSWER) await tidy().catch(() => undefined);
}

/** Opens what is at a path, gives it to `use`, and closes it. */
export async function withOpen<Value>(
  files: Pick<Files, 'open' | 'close'>,
  path: string,
  flags: 'r' | 'wx',
  use: (file: OpenFile) => Promise<Value>,
  mode?: number,
): Promise<Value> {
  const file = await files.open(path, flags, mode);
  let value: Value;
  try {
    value = await use(file);
  } catch (error) {
    await tidyAfter(error, () => files.close(file));
    throw error;
  }
  await files.close(file);
  return value;
}
