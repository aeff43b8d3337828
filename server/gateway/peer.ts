import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';

/** An answer of any request: an outcome and what belongs to it. */
export interface Answer {
  outcome: Outcome;
  reason?: string | undefined;
  [more: string]: unknown;
}

/** What a request is answered with: at once, or by a call later on. */
export type Reply = (answer: Answer) => void;
export type Handler = (args: unknown[], reply: Reply) => void;

/** Unanswered requests that a peer may have where no worker pushes: more than any client of ours needs [PR7]. */
export const MAX_IN_FLIGHT = 8;
/** After this many messages that could not be read a connection is closed. */
const MAX_FAULTS = 20;

const FAULTS: ReadonlySet<Outcome> = new Set(['MALFORMED', 'CORRUPT', 'NOT_JOINED', 'BUSY']);

/** A connection as {@link createDispatcher} sees it, whatever carries it. */
export interface Peer {
  /** What is kept of the connection, whichever of its ways a message came in by. */
  readonly tally: { faults: number };
  /** Whether answers pile up that the other end does not read. */
  behind(): boolean;
  /** Closes the connection, all of its ways, with a typed reason. */
  close(outcome: Outcome, reason: string): void;
}

/** Takes what a peer asks; `send` carries the one answer. */
export type Dispatch = (event: unknown, args: unknown[], send: (answer: Answer) => void) => void;

/**
 * Dispatches what a peer sends to the handlers, by event. Every message gets exactly one answer, unknown and
 * unreadable ones too; a handler that throws answers MALFORMED and harms nobody else [PR1] [PR4].
 * @param maxInFlight unanswered requests a peer may have; a further one is answered BUSY [PR14].
 */
export function createDispatcher(
  peer: Peer,
  handlers: Record<string, Handler>,
  failed: (error: unknown) => void,
  maxInFlight: number,
): Dispatch {
  let inFlight = 0;
  return (event, args, send) => {
    let answered = false;
    inFlight++;
    const reply: Reply = (answer) => {
      if (answered) return;
      answered = true;
      inFlight--;
      if (peer.behind()) {
        peer.close('TOO_SLOW', 'answers are not read');
        return;
      }
      send(answer);
      if (FAULTS.has(answer.outcome) && ++peer.tally.faults >= MAX_FAULTS) {
        peer.close('TOO_MANY_FAULTS', `${MAX_FAULTS} messages could not be read`);
      } else if (OUTCOMES[answer.outcome].closes) {
        peer.close(answer.outcome, answer.reason ?? '');
      }
    };
    const name = typeof event === 'string' ? event : '';
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (inFlight > maxInFlight) {
      reply({ outcome: 'BUSY', reason: `more than ${maxInFlight} requests at once` });
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
  };
}
