import { describe, expect, it } from 'vitest';
import { Assembler, type Message } from '../../shared/transport/assembler.ts';
import { ChunkedChannel } from '../../shared/transport/chunkedChannel.ts';
import { ManualTimer } from '../../shared/testing/manualTimer.ts';
import { NO_BYTES } from '../../client/transport/transport.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import { ChannelPeer } from './channelPeer.ts';
import type { Handler, Peer } from '../gateway/peer.ts';

/** A channel whose answers a test reads, served for a device whose socket may be behind. */
function channelOf(
  shards: Record<number, Record<string, Handler>>,
  { maxInFlight = 8, behind = false } = {},
) {
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
    shards: new Map(Object.entries(shards).map(([index, handlers]) => [Number(index), handlers])),
    failed: (error) => failures.push(error),
    maxInFlight,
  });
  const ask = async (
    id: number,
    shard: number,
    event: string,
    body: unknown = {},
    bytes: Message['bytes'] = NO_BYTES,
  ) => {
    peer.receive({ json: JSON.stringify({ id, shard, event, body }), bytes });
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
  it('[TR1] is answered by the shard that it names, under the id of its request', async () => {
    const { ask, answers } = channelOf({ 0: { who: named('zero') }, 3: { who: named('three') } });
    await ask(7, 3, 'who');
    await ask(5, 0, 'who');
    expect(answers).toEqual([
      { id: 7, answer: { outcome: 'OK', reason: 'three' }, bytes: [] },
      { id: 5, answer: { outcome: 'OK', reason: 'zero' }, bytes: [] },
    ]);
  });

  it('[TR1] has its body and its bytes handled, and gets weights beside the answer', async () => {
    const echo: Handler = ([body, bytes], reply) =>
      reply({ outcome: 'OK', reason: JSON.stringify(body), weights: bytes });
    const { ask, answers } = channelOf({ 0: { echo } });
    await ask(1, 0, 'echo', { version: 4 }, Uint8Array.of(1, 2, 3));
    expect(answers).toEqual([
      { id: 1, answer: { outcome: 'OK', reason: '{"version":4}' }, bytes: [1, 2, 3] },
    ]);
  });

  it.each([
    ['of an unknown event', 0, 'unheard-of'],
    ['of a name that every object has', 0, 'constructor'],
    ['of a shard that is not here', 4, 'who'],
  ])('[PR1] [PR4] asking %s is answered MALFORMED, and its socket counts it', async (_name, shard, event) => {
    const { ask, answers, socket } = channelOf({ 0: { who: named('zero') } });
    await ask(1, shard, event);
    expect(answers).toMatchObject([{ id: 1, answer: { outcome: 'MALFORMED' } }]);
    expect(socket.tally.faults).toBe(1);
  });

  it.each(['', 'null', '{}', '{"id":-1,"shard":0,"event":"who","body":{}}'])(
    '[PR4] with a message that is no request, as %j, is closed, its socket too',
    (json) => {
      const { say, closed } = channelOf({ 0: {} });
      say(json);
      expect(closed).toEqual([['TOO_MANY_FAULTS', 'a message on a data channel that is no request']]);
    },
  );

  it('[PR11] is closed at the 20th fault, whichever shards it asked', async () => {
    const { ask, closed } = channelOf({ 0: {}, 1: {} });
    for (let fault = 0; fault < 19; fault++) await ask(fault, fault % 3, 'unheard-of');
    expect(closed).toEqual([]);
    await ask(19, 0, 'unheard-of');
    expect(closed).toEqual([['TOO_MANY_FAULTS', '20 messages could not be read']]);
  });

  it('[PR7] has room at each shard for itself', async () => {
    const hold: Handler = () => undefined;
    const { ask, answers } = channelOf({ 0: { hold }, 1: { hold } }, { maxInFlight: 2 });
    for (const shard of [0, 0, 1, 1]) await ask(1, shard, 'hold');
    expect(answers).toEqual([]);
    await ask(2, 1, 'hold');
    expect(answers).toMatchObject([{ id: 2, answer: { outcome: 'BUSY' } }]);
  });

  it('[TR2] has a ping answered at once at each shard, also while a decision is waited for', async () => {
    const hold: Handler = () => undefined;
    const { ask, answers } = channelOf({ 0: { hold }, 1: {} });
    await ask(1, 0, 'hold');
    await ask(2, 0, 'ping');
    await ask(3, 1, 'ping');
    expect(answers).toEqual([
      { id: 2, answer: { outcome: 'OK' }, bytes: [] },
      { id: 3, answer: { outcome: 'OK' }, bytes: [] },
    ]);
  });

  it('[TR4] is answered though its socket is behind: a channel has a bound of its own', async () => {
    const { ask, answers, closed } = channelOf({ 0: { who: named('zero') } }, { behind: true });
    await ask(1, 0, 'who');
    expect([answers.length, closed]).toEqual([1, []]);
  });

  it('[PR4] whose request a handler throws at is answered, and the fault reported', async () => {
    const error = new Error('a fault of ours');
    const broken: Handler = () => {
      throw error;
    };
    const { ask, answers, failures } = channelOf({ 0: { broken } });
    await ask(1, 0, 'broken');
    expect(answers).toMatchObject([{ id: 1, answer: { outcome: 'MALFORMED' } }]);
    expect(failures).toEqual([error]);
  });
});
