/*
 * The process behind fileProcess.ts: it does one file operation for each message, and answers it. It is plain
 * JavaScript, so that it starts at once and is small.
 */
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';

/** Open files, by the name that the other side gave them. */
const files = new Map();
/** LMDB databases, by path: promises of them, so that two questions at once open one. */
const databases = new Map();
/** Of a process whose server has ended, another one may have the folder by now. */
const server = process.ppid;

function fileOf(name) {
  const file = files.get(name);
  if (file === undefined) throw Object.assign(new Error('the file is not open'), { code: 'EBADF' });
  return file;
}

function kindOf(entry) {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'folder' : 'other';
}

async function openDatabase(path) {
  const { open: openLmdb } = await import('lmdb');
  // Not overlapping: a transaction that is answered has to outlast a power cut.
  return openLmdb({ path, noSubdir: true, encoding: 'string', overlappingSync: false });
}

function databaseAt(path) {
  if (!databases.has(path)) databases.set(path, openDatabase(path));
  return databases.get(path);
}

const operations = {
  kindOf: async (path) => {
    try {
      return kindOf(await stat(path));
    } catch (error) {
      if (error.code === 'ENOENT') return null;
      throw error;
    }
  },
  list: async (folder) =>
    (await readdir(folder, { withFileTypes: true })).map((entry) => ({
      name: entry.name,
      kind: kindOf(entry),
    })),
  open: async (path, flags, name, mode) => {
    files.set(name, await open(path, flags, mode));
  },
  // The next bytes of the file; none at its end.
  readChunk: async (name, length) => {
    const { buffer, bytesRead } = await fileOf(name).read(Buffer.allocUnsafe(length), 0, length);
    return buffer.subarray(0, bytesRead);
  },
  write: (name, bytes) => fileOf(name).writeFile(bytes),
  sync: (name) => fileOf(name).sync(),
  close: async (name) => {
    const file = fileOf(name);
    files.delete(name);
    await file.close();
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  makeFolder: (path) => mkdir(path),
  removeFolder: (path) => rmdir(path),
  readRow: async (path, key) => (await databaseAt(path)).get(key) ?? null,
  readRows: async (path, { from, below, limit, order }) => {
    const rows = await databaseAt(path);
    // Backwards, LMDB counts the start in and the end out: what is at `below` itself is left out here.
    const range =
      order === 'ascending'
        ? rows.getRange({ start: from, end: below, limit })
        : rows
            .getRange({ start: below, end: from, inclusiveEnd: true, reverse: true })
            .filter(({ key }) => key !== below);
    const found = [];
    for (const { key, value } of range) {
      if (found.length === limit) break;
      found.push({ key, value });
    }
    return found;
  },
  writeRows: async (path, changes) => {
    const rows = await databaseAt(path);
    rows.transactionSync(() => {
      for (const { key, value } of changes) {
        if (value === null) rows.removeSync(key);
        else rows.putSync(key, value);
      }
    });
  },
  // LMDB reads on past a page that is damaged as though its rows had never been; only their number tells.
  countRows: async (path) => {
    const rows = await databaseAt(path);
    let found = 0;
    for (const row of rows.getRange({})) if (row.key !== undefined) found++;
    const { entryCount } = rows.getStats();
    if (found !== entryCount) throw new Error(`${found} of its ${entryCount} rows can be read`);
    const { ABORT } = await import('lmdb');
    // A transaction also reads which pages are free, where no row is.
    rows.transactionSync(() => {
      rows.putSync('trial', '');
      return ABORT;
    });
    return found;
  },
  closeRows: async (path) => {
    const rows = await databases.get(path);
    databases.delete(path);
    await rows?.close();
  },
};

process.on('message', async ({ id, operation, given }) => {
  if (process.ppid !== server) process.kill(process.pid, 'SIGKILL');
  try {
    process.send({ id, value: await operations[operation](...given) });
  } catch ({ message, code, errno, syscall, path }) {
    process.send({ id, error: { message, code, errno, syscall, path } });
  }
});

// A signal to the whole group, as Ctrl-C is, must not end the process that keeps the last version.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
// Not process.exit(): that waits for an operation which hangs.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
