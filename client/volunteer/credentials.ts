import * as z from 'zod/mini';
import { hello } from '../../shared/protocol/messages.ts';
import type { Credentials } from '../device/messages.ts';

const KEY = 'tabswarm.credentials';
const stored = z.nullish(hello.shape.resume);

/** What lets this tab keep its device id over a reload. A browser may refuse storage: then it joins anew. */
export function loadCredentials(storage = () => sessionStorage): Credentials | null {
  try {
    return stored.parse(JSON.parse(storage().getItem(KEY) ?? 'null')) ?? null;
  } catch {
    return null;
  }
}

/** Keeps the credentials for this tab alone; null forgets them. */
export function saveCredentials(credentials: Credentials | null, storage = () => sessionStorage): void {
  try {
    if (credentials === null) storage().removeItem(KEY);
    else storage().setItem(KEY, JSON.stringify(credentials));
  } catch {
    // Without storage a reload joins as a new device; nothing else is lost.
  }
}
