import type { Socket } from 'socket.io';
import { EVENTS } from '../../shared/protocol/messages.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';

/** An answer of any request: an outcome and what belongs to it. */
export interface Answer {
  outcome: Outcome;
  reason?: string | undefined;
}

/** What a request is answered with: at once, or by a call later on. */
export type Reply = (answer: Answer) => void;
export type Handler = (args: unknown[], reply: Reply) => void;

/** Unanswered requests that a socket may have where no worker pushes: more than any client of ours needs [PR7]. */
export const MOST_IN_FLIGHT = 8;
/** After this many messages that could not be read a connection is closed. */
const MAX_FAULTS = 20;
/** Packets a peer may leave unread before its connection is closed. */
const MAX_UNREAD_PACKETS = 256;

const FAULTS: ReadonlySet<Outcome> = new Set(['MALFORMED', 'CORRUPT', 'NOT_JOINED', 'BUSY']);

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

/**
 * Dispatches what a socket sends to the handlers, by event. Every message gets exactly one answer, unknown and
 * unreadable ones too; a handler that throws answers MALFORMED and harms nobody else [PR1] [PR4].
 * @param mostInFlight unanswered requests a socket may have; a further one is answered BUSY [PR7].
 */
export function answerRequests(
  socket: Socket,
  handlers: Record<string, Handler>,
  failed: (error: unknown) => void,
  mostInFlight: number,
): void {
  const tally = tallyOf(socket);
  let inFlight = 0;
  // A middleware that never calls on takes the place of listeners: no event name has a meaning of its own.
  socket.use(([event, ...args]: unknown[]) => {
    // socket.io hands on what came in one chunk with the message that closed the connection.
    if (!socket.connected) return;
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (args.pop() as (answer: Answer) => void) : null;
    let answered = false;
    inFlight++;
    const reply: Reply = (answer) => {
      if (answered) return;
      answered = true;
      inFlight--;
      if (tally.unread > MAX_UNREAD_PACKETS) {
        closePeer(socket, 'TOO_SLOW', 'answers are not read');
        return;
      }
      if (acknowledge === null) socket.emit(EVENTS.answer, answer);
      else acknowledge(answer);
      if (FAULTS.has(answer.outcome) && ++tally.faults >= MAX_FAULTS) {
        closePeer(socket, 'TOO_MANY_FAULTS', `${MAX_FAULTS} messages could not be read`);
      } else if (OUTCOMES[answer.outcome].closes) {
        closePeer(socket, answer.outcome, answer.reason ?? '');
      }
    };
    const name = typeof event === 'string' ? event : '';
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (inFlight > mostInFlight) {
      reply({ outcome: 'BUSY', reason: `more than ${mostInFlight} requests at once` });
    } else if (handler === undefined) {
      reply({ outcome: 'MALFORMED', reason: 'unknown event' });
    } else {
      try {
        handler(args, reply);
      } catch (error) {
        failed(error);
        reply({ outcome: 'MALFORMED', reason: 'the message could not be handled' });
      }
    }
  });
}

/** Closes a peer's connection, all its namespaces, with a typed reason. */
export function closePeer(socket: Socket, outcome: Outcome, reason: string): void {
  socket.emit(EVENTS.closing, { outcome, reason });
  socket.disconnect(true);
}
