import { describe, expect, it } from 'vitest';
import { Assembler, type Message } from '../../shared/transport/assembler.ts';
import { ChunkedChannel } from '../../shared/transport/chunkedChannel.ts';
import { ManualTimer } from '../../shared/testing/manualTimer.ts';
import { NO_BYTES } from '../../client/transport/transport.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import { ChannelPeer } from './channelPeer.ts';
import type { Handler, Peer } from '../gateway/peer.ts';

/** A channel whose answers a test reads, served for a device whose socket may be behind. */
function channelOf(handlers: Record<string, Handler>, { maxInFlight = 8, behind = false } = {}) {
  const answers: { id: number; answer: unknown; bytes: number[] }[] = [];
  const closed: [Outcome, string][] = [];
  const failures: unknown[] = [];
  const assembler = new Assembler(1e6);
  const channel = new ChunkedChannel({
    chunks: {
      send: (chunk) => {
        const progress = assembler.take(chunk);
        if (progress.state === 'fault') expect.fail(progress.reason);
        if (progress.state === 'whole') {
          const { json, bytes } = progress.message;
          const message = JSON.parse(json) as { id: number; answer: unknown };
          answers.push({ ...message, bytes: [...bytes] });
        }
        return Promise.resolve();
      },
      close: () => undefined,
    },
    after: new ManualTimer().after,
    maxMessageBytes: 1e6,
    maxQueuedBytes: 1e6,
    received: () => undefined,
    closed: () => undefined,
  });
  const socket: Peer = {
    tally: { faults: 0 },
    behind: () => behind,
    close: (outcome, reason) => void closed.push([outcome, reason]),
  };
  const peer = new ChannelPeer(channel, {
    socket,
    handlers,
    failed: (error) => failures.push(error),
    maxInFlight,
  });
  const ask = async (id: number, event: string, body: unknown = {}, bytes: Message['bytes'] = NO_BYTES) => {
    peer.receive({ json: JSON.stringify({ id, event, body }), bytes });
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  const say = (json: string) => peer.receive({ json, bytes: NO_BYTES });
  return { ask, say, answers, closed, failures, socket };
}

const named =
  (reason: string): Handler =>
  (_args, reply) =>
    reply({ outcome: 'OK', reason });

describe('a device that asks over a data channel', () => {
  it('[TR1] is answered under the id of its request', async () => {
    const { ask, answers } = channelOf({ who: named('me'), where: named('here') });
    await ask(7, 'where');
    await ask(5, 'who');
    expect(answers).toEqual([
      { id: 7, answer: { outcome: 'OK', reason: 'here' }, bytes: [] },
      { id: 5, answer: { outcome: 'OK', reason: 'me' }, bytes: [] },
    ]);
  });

  it('[TR1] has its body and its bytes handled, and gets weights beside the answer', async () => {
    const echo: Handler = ([body, bytes], reply) =>
      reply({ outcome: 'OK', reason: JSON.stringify(body), weights: bytes });
    const { ask, answers } = channelOf({ echo });
    await ask(1, 'echo', { version: 4 }, Uint8Array.of(1, 2, 3));
    expect(answers).toEqual([
      { id: 1, answer: { outcome: 'OK', reason: '{"version":4}' }, bytes: [1, 2, 3] },
    ]);
  });

  it.each([
    ['of an unknown event', 'unheard-of'],
    ['of a name that every object has', 'constructor'],
  ])('[PR1] [PR4] asking %s is answered MALFORMED, and its socket counts it', async (_name, event) => {
    const { ask, answers, socket } = channelOf({ who: named('me') });
    await ask(1, event);
    expect(answers).toMatchObject([{ id: 1, answer: { outcome: 'MALFORMED' } }]);
    expect(socket.tally.faults).toBe(1);
  });

  it.each(['', 'null', '{}', '{"id":-1,"event":"who","body":{}}'])(
    '[PR4] with a message that is no request, as %j, is closed, its socket too',
    (json) => {
      const { say, closed } = channelOf({});
      say(json);
      expect(closed).toEqual([['TOO_MANY_FAULTS', 'a message on a data channel that is no request']]);
    },
  );

  it('[PR11] is closed at the 20th fault', async () => {
    const { ask, closed } = channelOf({});
    for (let fault = 0; fault < 19; fault++) await ask(fault, 'unheard-of');
    expect(closed).toEqual([]);
    await ask(19, 'unheard-of');
    expect(closed).toEqual([['TOO_MANY_FAULTS', '20 messages could not be read']]);
  });

  it('[PR7] has room for a number of unanswered requests', async () => {
    const hold: Handler = () => undefined;
    const { ask, answers } = channelOf({ hold }, { maxInFlight: 2 });
    for (const id of [1, 2]) await ask(id, 'hold');
    expect(answers).toEqual([]);
    await ask(3, 'hold');
    expect(answers).toMatchObject([{ id: 3, answer: { outcome: 'BUSY' } }]);
  });

  it('[TR2] has a ping answered at once, also while a decision is waited for', async () => {
    const hold: Handler = () => undefined;
    const { ask, answers } = channelOf({ hold });
    await ask(1, 'hold');
    await ask(2, 'ping');
    expect(answers).toEqual([{ id: 2, answer: { outcome: 'OK' }, bytes: [] }]);
  });

  it('[TR4] is answered though its socket is behind: a channel has a bound of its own', async () => {
    const { ask, answers, closed } = channelOf({ who: named('me') }, { behind: true });
    await ask(1, 'who');
    expect([answers.length, closed]).toEqual([1, []]);
  });

  it('[PR4] whose request a handler throws at is answered, and the fault reported', async () => {
    const error = new Error('a fault of ours');
    const broken: Handler = () => {
      throw error;
    };
    const { ask, answers, failures } = channelOf({ broken });
    await ask(1, 'broken');
    expect(answers).toMatchObject([{ id: 1, answer: { outcome: 'MALFORMED' } }]);
    expect(failures).toEqual([error]);
  });
});
