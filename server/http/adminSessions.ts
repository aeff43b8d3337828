import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Store } from '../store/store.ts';

export const SESSION_COOKIE = 'tabswarm-admin';

/** Bounds what somebody with the token can make the server keep. */
const MAX_SESSIONS = 64;

/** Where tokens and sessions are kept, by their hashes alone. */
export type SecretStore = Pick<Store, 'tokens' | 'write'>;

/**
 * Who may steer the run: those who showed the admin's token, and hold the cookie that was given for it [AD1]. Both
 * outlast the server's process, as hashes [AD26].
 */
export class AdminSessions {
  /** Null where an earlier process made it: only its hash is known then. */
  readonly token: string | null;
  readonly #hash: string;
  readonly #store: SecretStore;
  readonly #today: () => Date;
  /** Hashes of cookies, the oldest first. */
  readonly #sessions: Set<string>;

  private constructor(
    { token, hash, sessions }: { token: string | null; hash: string; sessions: string[] },
    store: SecretStore,
    today: () => Date,
  ) {
    this.token = token;
    this.#hash = hash;
    this.#sessions = new Set(sessions);
    this.#store = store;
    this.#today = today;
  }

  /**
   * Opens the sessions of a server. Its token is the given one, else the one that is kept, else a new one.
   * @param given by the operator; null: none. Another one than is kept takes its place.
   * @throws {StoreError} where the store cannot be read or written.
   */
  static async open(store: SecretStore, given: string | null, today: () => Date): Promise<AdminSessions> {
    const [kept] = await store.tokens.list({ under: ['admin'] });
    if (kept === undefined || (given !== null && kept.hash !== digest(given))) {
      const token = await renewToken(store, today(), given ?? undefined);
      return new AdminSessions({ token, hash: digest(token), sessions: [] }, store, today);
    }
    const rows = await store.tokens.list({ under: ['session'] });
    rows.sort((one, other) => one.madeAt.localeCompare(other.madeAt));
    const sessions = rows.map(({ hash }) => hash);
    return new AdminSessions({ token: given, hash: kept.hash, sessions }, store, today);
  }

  /** A new session's cookie value for the right token, once it is kept or cannot be; null for a wrong one. */
  async open(token: string): Promise<string | null> {
    if (!timingSafeEqual(Buffer.from(digest(token)), Buffer.from(this.#hash))) return null;
    const cookie = randomBytes(24).toString('base64url');
    const hash = digest(cookie);
    const { tokens } = this.#store;
    const ended = [...this.#sessions].slice(0, Math.max(0, this.#sessions.size + 1 - MAX_SESSIONS));
    const changes = [
      tokens.putting({ kind: 'session', hash, madeAt: this.#today().toISOString() }),
      ...ended.map((each) => tokens.removing('session', each)),
    ];
    // An operator has to get in on a full disk too: such a session ends with the process [AD31].
    await this.#store.write(...changes).catch(() => undefined);
    for (const each of ended) this.#sessions.delete(each);
    this.#sessions.add(hash);
    return cookie;
  }

  /** Ends a session; another is not touched. */
  async close(cookie: string): Promise<void> {
    const hash = digest(cookie);
    if (!this.#sessions.delete(hash)) return;
    await this.#store.write(this.#store.tokens.removing('session', hash));
  }

  holds(cookie: string | undefined): boolean {
    return cookie !== undefined && this.#sessions.has(digest(cookie));
  }
}

/**
 * Puts another token in the place of the admin's, and ends every session.
 * @param token 192 random bits where none is given.
 * @returns the token, once its hash is kept.
 */
export async function renewToken(
  store: SecretStore,
  today: Date,
  token = randomBytes(24).toString('base64url'),
): Promise<string> {
  const { tokens } = store;
  const before = await tokens.list();
  await store.write(
    ...before.map(({ kind, hash }) => tokens.removing(kind, hash)),
    tokens.putting({ kind: 'admin', hash: digest(token), madeAt: today.toISOString() }),
  );
  return token;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
