import { io } from 'socket.io-client';
import { adminSnapshot, type AdminSnapshot } from '../../shared/protocol/admin.ts';
import { EVENTS } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { socketPath } from '../../shared/protocol/basePath.ts';
import { Diagnosis } from '../transport/diagnosis.ts';
import { isDenied } from './api.ts';
import { serverBase } from './base.ts';

/** How long after the server ended the connection itself the page tries again, in ms. */
const RETRY_MS = 2000;

export interface FeedEvents {
  snapshot(snapshot: AdminSnapshot): void;
  /** A snapshot that this page cannot read; says what is wrong with it. */
  unreadable(problem: string): void;
  /** Once connected. */
  connected(): void;
  /** The connection was lost or did not come about, with why where that is known; it is retried automatically. */
  lost(why: string | null): void;
  /** The server does not know us; nothing is tried again. */
  denied(): void;
}

/** Whether a snapshot was made before another of the same incarnation [AD12]. */
export const isOlder = (snapshot: AdminSnapshot, than: AdminSnapshot | null): boolean =>
  snapshot.incarnation === than?.incarnation && snapshot.sequence < than.sequence;

/** Follows the server's snapshots until it is denied or the function that this returns is called. */
export function follow(events: FeedEvents): () => void {
  const base = serverBase();
  const diagnosis = new Diagnosis(base, location.origin);
  const socket = io(new URL(NAMESPACES.admin, base).href, {
    path: socketPath(base),
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 4000,
  });
  let over = false;
  const end = () => {
    over = true;
    socket.disconnect();
  };
  const again = () => {
    if (!over) socket.connect();
  };

  socket.on('connect', () => {
    diagnosis.connected();
    events.connected();
  });
  socket.on('disconnect', (reason) => {
    if (over) return;
    events.lost(null);
    // socket.io reconnects automatically except after a disconnection that the server asked for.
    if (reason === 'io server disconnect') setTimeout(again, RETRY_MS);
  });
  socket.on('connect_error', () => {
    // The refusal of a namespace ends socket.io's own tries; one of the HTTP upgrade looks like a broken network.
    const refused = !socket.active;
    void Promise.all([isDenied(), refused ? null : diagnosis.ask()]).then(([denied, why]) => {
      if (over) return;
      if (denied) {
        end();
        events.denied();
        return;
      }
      if (!socket.connected) events.lost(why);
      if (refused) setTimeout(again, RETRY_MS);
    });
  });
  socket.on(EVENTS.snapshot, (message: unknown) => {
    if (over) return;
    const parsed = adminSnapshot.safeParse(message);
    if (parsed.success) {
      events.snapshot(parsed.data);
      return;
    }
    const issue = parsed.error.issues[0];
    events.unreadable(issue ? `${issue.path.join('.') || 'message'}: ${issue.message}` : 'unknown');
  });
  return end;
}
