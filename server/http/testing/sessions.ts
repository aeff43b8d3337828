import { MemoryRows } from '../../store/memoryRows.ts';
import { Store } from '../../store/store.ts';
import { AdminSessions } from '../adminSessions.ts';

/** The sessions of a server whose store is these rows, and the token that opens them. */
export async function sessionsIn(rows = new MemoryRows(), given: string | null = null) {
  const store = await Store.open(rows, 'memory');
  let days = 0;
  const sessions = await AdminSessions.open(store, given, () => new Date(++days * 86_400_000));
  return { store, sessions, token: sessions.token ?? '' };
}
