import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'tabswarm-admin';

/** Bounds what somebody with the token can make the server keep. */
const MAX_SESSIONS = 64;

/**
 * Who may steer the run: those who showed the token that was printed at the start, and holds the cookie that was
 * given for it [AD1]. The cookie is not the token, and only its hash is kept.
 */
export class AdminSessions {
  readonly token = randomBytes(24).toString('base64url');
  readonly #sessions = new Set<string>();

  /** A new session's cookie value for the right token; null for a wrong one. */
  open(token: string): string | null {
    if (!timingSafeEqual(digest(token), digest(this.token))) return null;
    const cookie = randomBytes(24).toString('base64url');
    this.#sessions.add(digest(cookie).toString('hex'));
    for (const oldest of this.#sessions) {
      if (this.#sessions.size <= MAX_SESSIONS) break;
      this.#sessions.delete(oldest);
    }
    return cookie;
  }

  /** Ends a session; another is not touched. */
  close(cookie: string): void {
    this.#sessions.delete(digest(cookie).toString('hex'));
  }

  holds(cookie: string | undefined): boolean {
    return cookie !== undefined && this.#sessions.has(digest(cookie).toString('hex'));
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
