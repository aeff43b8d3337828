import type { Socket } from 'socket.io';
import { EVENTS } from '../../shared/protocol/messages.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import { createDispatcher, type Answer, type Handler, type Peer } from './peer.ts';

/** Packets a peer may leave unread before its connection is closed. */
const MAX_UNREAD_PACKETS = 256;

/** What is kept of a connection, whichever of its namespaces a message came in by. */
interface ConnectionTally {
  faults: number;
  unread: number;
}
const tallies = new WeakMap<object, ConnectionTally>();

function tallyOf(socket: Socket): ConnectionTally {
  const known = tallies.get(socket.conn);
  if (known !== undefined) return known;
  const tally: ConnectionTally = { faults: 0, unread: 0 };
  tallies.set(socket.conn, tally);
  socket.conn.on('packetCreate', () => tally.unread++);
  socket.conn.on('drain', () => (tally.unread = 0));
  return tally;
}

/** A socket's connection, all its namespaces. */
export function peerOf(socket: Socket): Peer {
  const tally = tallyOf(socket);
  return {
    tally,
    behind: () => tally.unread > MAX_UNREAD_PACKETS,
    close: (outcome, reason) => closeSocket(socket, outcome, reason),
  };
}

/** Answers what a socket sends by the handlers, as {@link createDispatcher} says. */
export function answerRequests(
  socket: Socket,
  handlers: Record<string, Handler>,
  failed: (error: unknown) => void,
  maxInFlight: number,
): void {
  const dispatch = createDispatcher(peerOf(socket), handlers, failed, maxInFlight);
  // A middleware that never calls on takes the place of listeners: no event name has a meaning of its own.
  socket.use(([event, ...args]: unknown[]) => {
    // socket.io hands on what came in one chunk with the message that closed the connection.
    if (!socket.connected) return;
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (args.pop() as (answer: Answer) => void) : null;
    dispatch(event, args, (answer) => {
      if (acknowledge === null) socket.emit(EVENTS.answer, answer);
      else acknowledge(answer);
    });
  });
}

/** Closes a socket's connection, all its namespaces, with a typed reason. */
export function closeSocket(socket: Socket, outcome: Outcome, reason: string): void {
  socket.emit(EVENTS.closing, { outcome, reason });
  socket.disconnect(true);
}
