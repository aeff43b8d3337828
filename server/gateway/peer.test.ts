import { describe, expect, it } from 'vitest';
import { OUTCOME_NAMES, OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import { createDispatcher, type Answer, type Handler, type Peer, type Reply } from './peer.ts';

/** A connection, what it was closed with, and whether its answers pile up. */
function connection() {
  const state = { behind: false };
  const closed: [Outcome, string][] = [];
  const peer: Peer = {
    tally: { faults: 0 },
    behind: () => state.behind,
    close: (outcome, reason) => void closed.push([outcome, reason]),
  };
  return { peer, closed, state };
}

/** A dispatcher of its own connection; each call of `ask` gives the answers that it has got so far. */
function dispatching(handlers: Record<string, Handler>, maxInFlight = 8, at = connection()) {
  const failures: unknown[] = [];
  const dispatch = createDispatcher(at.peer, handlers, (error) => failures.push(error), maxInFlight);
  const ask = (event: unknown, args: unknown[] = []) => {
    const answers: Answer[] = [];
    dispatch(event, args, (answer) => answers.push(answer));
    return answers;
  };
  return { ...at, ask, failures };
}

const ok: Handler = (_args, reply) => reply({ outcome: 'OK' });
const malformed: Handler = (_args, reply) => reply({ outcome: 'MALFORMED' });
/** A handler that answers when it is told to. */
function holding() {
  const held: Reply[] = [];
  const hold: Handler = (_args, reply) => void held.push(reply);
  return { hold, held };
}

describe('dispatching what a peer sends', () => {
  it('[PR1] hands on what came with it, and sends the answer as it is', () => {
    const echo: Handler = (args, reply) => reply({ outcome: 'OK', args });
    const { ask, closed, failures } = dispatching({ echo });
    expect(ask('echo', [{ a: 1 }, 'b'])).toEqual([{ outcome: 'OK', args: [{ a: 1 }, 'b'] }]);
    expect([closed, failures]).toEqual([[], []]);
  });

  it('[PR1] a second reply is not sent, nor counted, nor does it close', () => {
    const twice: Handler = (_args, reply) => {
      reply({ outcome: 'OK' });
      reply({ outcome: 'MALFORMED' });
      reply({ outcome: 'FULL' });
    };
    const { ask, closed, peer } = dispatching({ twice });
    expect(ask('twice')).toEqual([{ outcome: 'OK' }]);
    expect([closed, peer.tally.faults]).toEqual([[], 0]);
  });

  it('[PR1] a second reply leaves no room for another request', () => {
    const { hold, held } = holding();
    const { ask } = dispatching({ hold }, 1);
    ask('hold');
    held[0]?.({ outcome: 'OK' });
    held[0]?.({ outcome: 'OK' });
    expect(ask('hold')).toEqual([]);
    expect(ask('hold')).toMatchObject([{ outcome: 'BUSY' }]);
  });

  it.each([
    'unheard-of',
    '',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    7,
    null,
    undefined,
    ['ok'],
  ])('[PR4] the event %j is answered MALFORMED and calls nobody', (event) => {
    const { ask, failures } = dispatching({ ok });
    expect(ask(event, [{}])).toEqual([{ outcome: 'MALFORMED', reason: 'unknown event' }]);
    expect(failures).toEqual([]);
  });

  it('[PR4] a handler that throws answers MALFORMED, is reported, and the next request is served', () => {
    const error = new Error('a fault of ours');
    const throwing: Handler = () => {
      throw error;
    };
    const { ask, closed, failures } = dispatching({ throwing, ok }, 1);
    expect(ask('throwing')).toEqual([{ outcome: 'MALFORMED', reason: 'the message could not be handled' }]);
    expect(failures).toEqual([error]);
    expect(ask('ok')).toEqual([{ outcome: 'OK' }]);
    expect(closed).toEqual([]);
  });

  it('[PR1] a handler that answers and then throws has answered', () => {
    const error = new Error('too late');
    const answering: Handler = (_args, reply) => {
      reply({ outcome: 'OK' });
      throw error;
    };
    const { ask, failures, peer } = dispatching({ answering });
    expect(ask('answering')).toEqual([{ outcome: 'OK' }]);
    expect([failures, peer.tally.faults]).toEqual([[error], 0]);
  });
});

describe('what a peer may have unanswered', () => {
  it('[PR7] [PR14] one request more is answered BUSY, and an answer makes room for one', () => {
    const { hold, held } = holding();
    const { ask } = dispatching({ hold }, 3);
    const waiting = [ask('hold'), ask('hold'), ask('hold')];
    expect(waiting).toEqual([[], [], []]);
    expect(ask('hold')).toEqual([{ outcome: 'BUSY', reason: 'more than 3 requests at once' }]);
    held[1]?.({ outcome: 'OK' });
    expect(waiting).toEqual([[], [{ outcome: 'OK' }], []]);
    expect(ask('hold')).toEqual([]);
    expect(ask('hold')).toMatchObject([{ outcome: 'BUSY' }]);
    expect(held).toHaveLength(4);
  });

  it('[PR7] what is answered at once takes no room', () => {
    const { ask } = dispatching({ ok }, 1);
    for (let count = 0; count < 30; count++) expect(ask('ok')).toEqual([{ outcome: 'OK' }]);
  });
});

describe('what closes a connection', () => {
  it('[PR11] the 20th message that cannot be read, answered as the others, and not before', () => {
    const { ask, closed } = dispatching({ ok, malformed });
    for (let count = 0; count < 19; count++) {
      expect(ask(count % 2 === 0 ? 'malformed' : 'unheard-of')).toMatchObject([{ outcome: 'MALFORMED' }]);
      ask('ok');
    }
    expect(closed).toEqual([]);
    expect(ask('malformed')).toEqual([{ outcome: 'MALFORMED' }]);
    expect(closed).toEqual([['TOO_MANY_FAULTS', '20 messages could not be read']]);
  });

  it('[PR11] faults count together whichever way of a connection they came by, and on no other connection', () => {
    const shared = connection();
    const one = dispatching({}, 8, shared);
    const two = dispatching({}, 8, shared);
    const other = dispatching({});
    for (let count = 0; count < 10; count++) {
      one.ask('x');
      other.ask('x');
    }
    for (let count = 0; count < 9; count++) two.ask('x');
    expect(shared.closed).toEqual([]);
    two.ask('x');
    expect(shared.closed).toEqual([['TOO_MANY_FAULTS', '20 messages could not be read']]);
    expect([other.closed, other.peer.tally.faults]).toEqual([[], 10]);
  });

  it.each(OUTCOME_NAMES)('[PR1] [PR2] [AU3] an answer of %s closes where the table says so', (outcome) => {
    const answering: Handler = (_args, reply) => reply({ outcome, reason: 'why' });
    const { ask, closed } = dispatching({ answering });
    expect(ask('answering')).toEqual([{ outcome, reason: 'why' }]);
    expect(closed).toEqual(OUTCOMES[outcome].closes ? [[outcome, 'why']] : []);
  });

  it.each(OUTCOME_NAMES)('[PR4] an answer of %s counts as a fault where the peer is to blame', (outcome) => {
    const answering: Handler = (_args, reply) => reply({ outcome });
    const { ask, peer } = dispatching({ answering });
    ask('answering');
    const faults: Outcome[] = ['MALFORMED', 'CORRUPT', 'NOT_JOINED', 'BUSY'];
    expect(peer.tally.faults).toBe(faults.includes(outcome) ? 1 : 0);
  });

  it('closes without a reason where the answer has none', () => {
    const full: Handler = (_args, reply) => reply({ outcome: 'FULL' });
    const { ask, closed } = dispatching({ full });
    ask('full');
    expect(closed).toEqual([['FULL', '']]);
  });

  it('[TR14] answers that are not read: TOO_SLOW, and no answer more is piled up', () => {
    const { hold, held } = holding();
    const { ask, closed, state, peer } = dispatching({ hold, malformed });
    const early = ask('hold');
    state.behind = true;
    held[0]?.({ outcome: 'OK' });
    expect([early, closed]).toEqual([[], [['TOO_SLOW', 'answers are not read']]]);
    expect(ask('malformed')).toEqual([]);
    expect(peer.tally.faults).toBe(0);
  });
});
