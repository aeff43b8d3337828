import type { DataChannel, PeerConnection } from 'node-datachannel';
import { describe, expect, it } from 'vitest';
import { encodeHead, checksumOf } from '../../shared/protocol/channel.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { ChannelPeerConnection } from './channelPeerConnection.ts';

type Listeners = Record<string, ((...args: never[]) => void) | undefined>;

/** The native part of one channel: what it was told, and what a test has it do. */
function nativeChannel() {
  const on: Listeners = {};
  const sent: Uint8Array[] = [];
  const state = { buffered: 0, open: true, closes: 0 };
  const channel = {
    onClosed: (listener: () => void) => (on['closed'] = listener),
    onError: (listener: () => void) => (on['error'] = listener),
    onMessage: (listener: (chunk: string | Uint8Array | ArrayBuffer) => void) => (on['message'] = listener),
    onBufferedAmountLow: (listener: () => void) => (on['low'] = listener),
    setBufferedAmountLowThreshold: () => undefined,
    sendMessageBinary: (chunk: Uint8Array) => sent.push(chunk),
    bufferedAmount: () => state.buffered,
    isOpen: () => state.open,
    close: () => {
      state.open = false;
      state.closes++;
    },
  } as unknown as DataChannel;
  const tell = (event: string, ...args: unknown[]) => (on[event] as (...args: unknown[]) => void)(...args);
  return { channel, sent, state, tell };
}

/** A peer connection whose native part a test plays. */
function peer() {
  const on: Listeners = {};
  const state = { offers: [] as string[], closes: 0, sdp: 'the answer' as string | null, ended: 0 };
  const served: string[] = [];
  const native = {
    onStateChange: (listener: (state: string) => void) => (on['state'] = listener),
    onDataChannel: (listener: (channel: DataChannel) => void) => (on['channel'] = listener),
    onGatheringStateChange: (listener: (state: string) => void) => (on['gathering'] = listener),
    setRemoteDescription: (sdp: string, type: string) => state.offers.push(`${type} ${sdp}`),
    localDescription: () => state.sdp && { sdp: state.sdp },
    close: () => state.closes++,
  } as unknown as PeerConnection;
  const clock = new VirtualClock();
  const sends: ((json: unknown) => void)[] = [];
  const connection = new ChannelPeerConnection(native, {
    clock,
    maxMessageBytes: 1000,
    maxQueuedBytes: 1_000_000,
    serve: (channel) => {
      sends.push((json) => channel.send(json, new Uint8Array(70_000)));
      return ({ json }) => served.push(json);
    },
    ended: () => state.ended++,
  });
  const tell = (event: string, ...args: unknown[]) => (on[event] as (...args: unknown[]) => void)(...args);
  const open = () => {
    const data = nativeChannel();
    tell('channel', data.channel);
    return data;
  };
  return { connection, clock, state, served, sends, tell, open };
}

const settled = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** The chunks of a message of JSON alone. */
function chunksOf(json: string): Uint8Array<ArrayBuffer>[] {
  const body = new TextEncoder().encode(json);
  return [encodeHead({ bytes: body.length, checksum: checksumOf(body), jsonBytes: body.length }), body];
}

describe('the answer to an offer', () => {
  it('[TR5] is the description of this end once all its addresses are known', async () => {
    const { connection, tell, state } = peer();
    let answer: string | null = null;
    void connection.answer('the offer').then((sdp) => (answer = sdp));
    tell('gathering', 'in-progress');
    await settled();
    expect([answer, state.offers]).toEqual([null, ['offer the offer']]);
    tell('gathering', 'complete');
    await settled();
    expect(answer).toBe('the answer');
  });

  it('[TR5] fails where there is none, or none in ten seconds', async () => {
    const none = peer();
    none.state.sdp = null;
    const answer = expect(none.connection.answer('')).rejects.toThrow('the offer has no answer');
    none.tell('gathering', 'complete');
    await answer;
    const late = peer();
    let failed: unknown = null;
    late.connection.answer('').catch((error: unknown) => (failed = error));
    late.clock.advance(9999);
    await settled();
    expect(failed).toBeNull();
    late.clock.advance(1);
    await settled();
    expect(failed).toEqual(new Error('no answer in time'));
  });
});

describe('the channel of a peer', () => {
  it('[TR1] has its messages served, however their chunks come', () => {
    const { connection, open, served } = peer();
    const data = open();
    expect(connection.opened).toBe(true);
    const [head, body] = chunksOf('{"id":1}');
    data.tell('message', Buffer.from(head ?? []));
    data.tell('message', body?.buffer);
    expect(served).toEqual(['{"id":1}']);
  });

  it.each<[string, (data: ReturnType<typeof nativeChannel>) => void]>([
    ['sends text', (data) => data.tell('message', 'text')],
    ['sends what makes no message', (data) => data.tell('message', new Uint8Array(16))],
    [
      'sends a message larger than it may',
      (data) => data.tell('message', encodeHead({ bytes: 1001, checksum: 0, jsonBytes: 2 })),
    ],
    ['has an error', (data) => data.tell('error', 'broken')],
    ['is closed by the other end', (data) => data.tell('closed')],
  ])('[TR4] that %s is closed with its peer', (_name, end) => {
    const { open, state, served } = peer();
    const data = open();
    end(data);
    expect([state.closes, served]).toEqual([1, []]);
  });

  it('[TR4] is the only one: a second closes both', () => {
    const { open, state } = peer();
    const first = open();
    const second = open();
    expect([state.closes, first.state.open]).toEqual([1, false]);
    second.tell('closed');
    expect(state.closes).toBe(1);
  });

  it('[TR4] has 20 seconds to open, and any time after', () => {
    const early = peer();
    early.clock.advance(19_999);
    early.open();
    early.clock.advance(3_600_000);
    expect([early.state.closes, early.connection.opened]).toEqual([0, true]);
    const late = peer();
    late.clock.advance(20_000);
    expect([late.state.closes, late.connection.opened]).toEqual([1, false]);
  });

  it('is not served where it opens after its peer was closed', () => {
    const { connection, open, sends } = peer();
    connection.close();
    open();
    expect([sends.length, connection.opened]).toEqual([0, false]);
  });

  it('[TR4] takes more only while little waits', async () => {
    const { open, sends } = peer();
    const data = open();
    data.state.buffered = 512 * 1024 + 1;
    sends[0]?.({});
    await settled();
    expect(data.sent).toHaveLength(1);
    data.state.buffered = 512 * 1024;
    data.tell('low');
    await settled();
    // The head, 70,000 bytes in two chunks, and the JSON.
    expect(data.sent.map(({ byteLength }) => byteLength)).toEqual([16, 65_536, 4464, 2]);
  });

  it.each([
    ['closed', 1],
    ['failed', 0],
    ['disconnected', 0],
  ])('is closed when its connection is %s', (state, ended) => {
    const world = peer();
    const data = world.open();
    world.tell('state', state);
    expect([world.state.closes, data.state.closes, world.state.ended]).toEqual([1, 1, ended]);
    world.connection.close();
    expect(world.state.closes).toBe(1);
  });

  it('goes on while its connection comes about', () => {
    const { tell, state } = peer();
    for (const each of ['connecting', 'connected']) tell('state', each);
    expect([state.closes, state.ended]).toEqual([0, 0]);
  });
});
