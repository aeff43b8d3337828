import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_BYTES } from '../../shared/transport/transport.ts';
import { DataChannel } from './dataChannel.ts';
import type { FromPeer, ToPeer } from './peerPort.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

/** Messages between ports take real turns of the event loop: as many as this one takes have passed. */
const turn = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port1.close();
      resolve();
    };
    port1.postMessage(null);
  });
const delivered = async () => {
  for (let turns = 0; turns < 4; turns++) await turn();
};

/** Time passes second by second, and messages arrive. */
async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed++) {
    vi.advanceTimersByTime(1000);
    await delivered();
  }
}

/** A channel that is open, its page played by `page`: what it says when the worker looks, and to what it sends. */
async function opened(page: Partial<Record<ToPeer['type'], (message: ToPeer) => FromPeer | FromPeer[]>>) {
  let port: MessagePort | undefined;
  const channel = await DataChannel.open({
    iceServers: [],
    mostMessageBytes: 1e6,
    shard: 0,
    signal: () => Promise.resolve(''),
    openPeer: (request) => {
      port = request.port;
      port.onmessage = ({ data }: MessageEvent<ToPeer>) => {
        for (const answer of [page[data.type]?.(data) ?? []].flat()) port?.postMessage(answer);
      };
      port.postMessage({ type: 'open' } satisfies FromPeer);
    },
  });
  const how: { ended: string | null; request: string | null } = { ended: null, request: null };
  void channel.ended.then((reason) => {
    how.ended = reason;
    port?.close();
  });
  void channel
    .request({ shard: 0, event: 'push', body: {}, bytes: NO_BYTES, withinMs: 600_000 })
    .then(() => 'answered', String)
    .then((words) => (how.request = words));
  await delivered();
  return { channel, how };
}

const moved = (received: number, waiting: number): FromPeer => ({ type: 'moved', received, waiting });
const asked = (message: ToPeer) => (message as unknown as { json: { id: number; event: string } }).json;
const answerTo = (id: number): FromPeer => ({
  type: 'message',
  message: { json: JSON.stringify({ id, answer: {} }), bytes: NO_BYTES },
});

describe('a data channel in the worker', () => {
  it('[TR2] has stalled when nothing moves and a ping is not answered: what waits fails', async () => {
    const { how } = await opened({ check: () => moved(0, 0) });
    await pass(3);
    expect(how).toEqual({ ended: null, request: null });
    await pass(3);
    expect(how.ended).toBe('stalled');
    expect(how.request).toContain('stalled');
  });

  it('[TR2] goes on for as long as pings are answered while a decision is waited for', async () => {
    let received = 0;
    const { how, channel } = await opened({
      check: () => moved(received, 0),
      send: (message) => {
        received++;
        const { id, event } = asked(message);
        return event === 'push' ? [] : answerTo(id);
      },
    });
    await pass(120);
    expect(how).toEqual({ ended: null, request: null });
    channel.close();
    await delivered();
    expect(how.request).toContain('closed');
  });

  it('[TR2] looks no more once nothing is asked, also where its own ping is answered last', async () => {
    let looks = 0;
    let push = -1;
    const { how } = await opened({
      check: () => {
        looks++;
        return moved(0, 0);
      },
      send: (message) => {
        const { id, event } = asked(message);
        if (event !== 'push') return [answerTo(push), answerTo(id)];
        push = id;
        return [];
      },
    });
    await pass(10);
    expect(how).toEqual({ ended: null, request: 'answered' });
    const before = looks;
    await pass(60);
    expect(looks).toBe(before);
  });

  it('[TR2] goes on while an upload gets through, and has stalled when the rest of it stays', async () => {
    let waiting = 2_000_000;
    const { how } = await opened({ check: () => moved(0, (waiting = Math.max(200_000, waiting - 100_000))) });
    await pass(18);
    expect(how.ended).toBeNull();
    await pass(6);
    expect(how.ended).toBe('stalled');
  });
});
