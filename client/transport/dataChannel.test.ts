import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { PING } from '../../shared/protocol/channel.ts';
import { NO_BYTES, TransportEnded } from './transport.ts';
import { DataChannel } from './dataChannel.ts';
import type { FromPeer, ToPeer } from './peerPort.ts';
import { delivered, ScriptedPage } from './testing/scriptedPage.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

/** Time passes second by second, and messages arrive. */
async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed++) {
    vi.advanceTimersByTime(1000);
    await delivered();
  }
}

/** A channel that is open, its page played by `plays`: what it says when the worker looks, and to what it sends. */
async function opened(plays: Partial<Record<ToPeer['type'], (message: ToPeer) => FromPeer | FromPeer[]>>) {
  const pages: ScriptedPage[] = [];
  const page = () => pages[0] ?? expect.fail('no page was asked');
  const channel = await DataChannel.open({
    iceServers: [],
    maxMessageBytes: 1e6,
    signal: () => Promise.resolve(''),
    openPeer: (request) => {
      pages.push(new ScriptedPage(request));
      page().heard = (message) => [plays[message.type]?.(message) ?? []].flat();
      page().say({ type: 'open' });
    },
  });
  const how: { ended: string | null; request: string | null } = { ended: null, request: null };
  void channel.ended.then((reason) => {
    how.ended = reason;
    page().close();
  });
  void channel
    .request({ event: 'push', body: {}, bytes: NO_BYTES, withinMs: 600_000 })
    .then(() => 'answered', String)
    .then((words) => (how.request = words));
  await delivered();
  return { channel, how, page };
}

const moved = (received: number, waiting: number): FromPeer => ({ type: 'moved', received, waiting });
const asked = (message: ToPeer) => (message as unknown as { json: { id: number; event: string } }).json;
const answerTo = (id: number): FromPeer => ({
  type: 'message',
  message: { json: JSON.stringify({ id, answer: {} }), bytes: NO_BYTES },
});

describe('a data channel in the worker', () => {
  it('[TR8] has stalled when nothing moves and a ping is not answered: what waits fails', async () => {
    const { how } = await opened({ check: () => moved(0, 0) });
    await pass(3);
    expect(how).toEqual({ ended: null, request: null });
    await pass(3);
    expect(how.ended).toBe('stalled');
    expect(how.request).toContain('stalled');
  });

  it('[TR8] pings once nothing moved for a look, and has stalled three looks later, no sooner', async () => {
    const pings: unknown[] = [];
    const { how } = await opened({
      check: () => moved(0, 0),
      send: (message) => {
        if (asked(message).event === PING) pings.push(asked(message));
        return [];
      },
    });
    await pass(1);
    expect(pings).toEqual([]);
    await pass(1);
    expect(pings).toEqual([{ id: 2, event: PING, body: {} }]);
    await pass(2);
    expect([how.ended, pings.length]).toEqual([null, 1]);
    await pass(1);
    expect(how.ended).toBe('stalled');
  });

  it('[TR2] does not take for movement what the browser may hold in its buffers', async () => {
    let waiting = 64 * 1024;
    const { how } = await opened({ check: () => moved(0, (waiting -= 1000)) });
    await pass(5);
    expect(how.ended).toBe('stalled');
  });

  it('[TR2] starts to check again with the next request, and looks once a second however much is asked', async () => {
    let looks = 0;
    const waiting: number[] = [];
    const { channel, how, page } = await opened({
      check: () => {
        looks++;
        return moved(0, 0);
      },
      send: (message) => {
        if (asked(message).event !== PING) waiting.push(asked(message).id);
        return [];
      },
    });
    await pass(2);
    // With the answers of the first and of the ping nothing is asked any more.
    page().say(answerTo(1));
    page().say(answerTo(2));
    await delivered();
    expect([how.request, looks]).toEqual(['answered', 2]);
    const failed = [PULL, PULL].map((request) => channel.request(request).catch(String));
    await delivered();
    page().say(answerTo(waiting.at(-1) ?? -1));
    await delivered();
    await pass(4);
    expect([looks, how.ended]).toEqual([6, null]);
    await pass(1);
    expect(how.ended).toBe('stalled');
    await Promise.all(failed);
  });

  it('[TR8] goes on for as long as pings are answered while a decision is waited for', async () => {
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

  it('[TR8] goes on while an upload gets through, and has stalled when the rest of it stays', async () => {
    let waiting = 2_000_000;
    const { how } = await opened({ check: () => moved(0, (waiting = Math.max(200_000, waiting - 100_000))) });
    await pass(18);
    expect(how.ended).toBeNull();
    await pass(6);
    expect(how.ended).toBe('stalled');
  });
});

/** A channel that is being opened, and the page that is to make it. */
function opening(signal: (offer: string) => Promise<string> = () => Promise.resolve('')) {
  const pages: ScriptedPage[] = [];
  const opened = DataChannel.open({
    iceServers: [{ urls: 'stun:stun.example' }],
    maxMessageBytes: 1e6,
    signal,
    openPeer: (request) => pages.push(new ScriptedPage(request)),
  });
  const page = pages[0] ?? expect.fail('no page was asked');
  onTestFinished(() => page.close());
  return { opened, page };
}

const PULL = { event: 'pull', body: { version: 1 }, bytes: NO_BYTES, withinMs: 20_000 };

describe('opening a data channel', () => {
  it('asks the page for one with the servers and the size that it was given', async () => {
    const { opened, page } = opening();
    page.say({ type: 'open' });
    expect((await opened).name).toBe('webrtc');
    expect(page.request).toMatchObject({
      iceServers: [{ urls: 'stun:stun.example' }],
      maxMessageBytes: 1e6,
    });
  });

  it('[TR5] takes the offer of the page to the server, and its answer back', async () => {
    const offers: string[] = [];
    const { page } = opening((offer) => {
      offers.push(offer);
      return Promise.resolve('the answer');
    });
    page.say({ type: 'offer', sdp: 'the offer' });
    await delivered();
    expect(offers).toEqual(['the offer']);
    expect(page.said).toEqual([{ type: 'answer', sdp: 'the answer' }]);
  });

  it.each<[string, (page: ScriptedPage) => void, string]>([
    ['the page has none', (page) => page.say({ type: 'closed', reason: 'no WebRTC' }), 'no WebRTC'],
    ['the server takes no offer', (page) => page.say({ type: 'offer', sdp: '' }), 'Error: BUSY'],
    ['it takes 15 seconds', () => vi.advanceTimersByTime(15_000), 'did not open in time'],
  ])('[TR2] fails where %s, and tells the page', async (_name, fail, reason) => {
    const { opened, page } = opening(() => Promise.reject(new Error('BUSY')));
    const failed = opened.catch((error: unknown) => error);
    fail(page);
    expect(await failed).toEqual(new TransportEnded(reason));
    await delivered();
    expect(page.said).toEqual([{ type: 'close' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits the whole of 15 seconds, and forever once it is open', async () => {
    const { opened, page } = opening();
    vi.advanceTimersByTime(14_999);
    page.say({ type: 'open' });
    const channel = await opened;
    let ended = false;
    void channel.ended.then(() => (ended = true));
    vi.advanceTimersByTime(60_000);
    await delivered();
    expect(ended).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('requests over a data channel', () => {
  async function openedChannel() {
    const { opened, page } = opening();
    page.say({ type: 'open' });
    return { channel: await opened, page };
  }

  it('[TR1] are handed to the page complete, with their bytes, and answered by what it brings', async () => {
    const { channel, page } = await openedChannel();
    const bytes = Uint8Array.of(1, 2, 3);
    page.heard = (message) =>
      message.type === 'send'
        ? [
            {
              type: 'message',
              message: { json: '{"id":1,"answer":{"outcome":"OK"}}', bytes: Uint8Array.of(9) },
            },
          ]
        : [];
    const reply = await channel.request({ ...PULL, bytes });
    expect(reply).toEqual({ answer: { outcome: 'OK' }, bytes: Uint8Array.of(9) });
    expect(page.said[0]).toEqual({
      type: 'send',
      json: { id: 1, event: 'pull', body: { version: 1 } },
      bytes: Uint8Array.of(1, 2, 3),
    });
    // Handed over, not copied.
    expect(bytes.byteLength).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[TR1] without bytes can be made again and again: what stands for none is not given away', async () => {
    const { channel, page } = await openedChannel();
    const failed = Promise.all(
      [channel.request(PULL), channel.request(PULL)].map((asked) => asked.catch(String)),
    );
    await delivered();
    expect(page.said.map(({ type }) => type)).toEqual(['send', 'send']);
    channel.close();
    await failed;
  });

  it('[TR2] fail when the page says that it ended, and so does whatever is asked after', async () => {
    const { channel, page } = await openedChannel();
    const waiting = channel.request(PULL).catch((error: unknown) => error);
    page.say({ type: 'closed', reason: 'the network is gone' });
    expect(await waiting).toEqual(new TransportEnded('the network is gone'));
    expect(await channel.ended).toBe('the network is gone');
    await expect(channel.request(PULL)).rejects.toThrow(TransportEnded);
  });

  it('[TR6] end with the channel where the server sends what is no answer', async () => {
    const { channel, page } = await openedChannel();
    const waiting = channel.request(PULL).catch((error: unknown) => error);
    page.say({ type: 'message', message: { json: '{"id":"one"}', bytes: NO_BYTES } });
    expect(await waiting).toEqual(new TransportEnded('the server sent what is no answer'));
    await delivered();
    expect(page.said.at(-1)).toEqual({ type: 'close' });
  });

  it('[TR6] that are answered after the channel ended stay as they ended', async () => {
    const { channel, page } = await openedChannel();
    const waiting = channel.request(PULL).catch((error: unknown) => error);
    channel.close();
    page.say({ type: 'message', message: { json: '{"id":1,"answer":{"outcome":"OK"}}', bytes: NO_BYTES } });
    await delivered();
    expect(await waiting).toEqual(new TransportEnded('closed'));
    expect(await channel.ended).toBe('closed');
  });

  it('[TR1] that are not answered in time fail, and the channel goes on', async () => {
    const { channel, page } = await openedChannel();
    let received = 0;
    page.heard = (message) =>
      message.type === 'check' ? [{ type: 'moved', received: ++received, waiting: 0 }] : [];
    const waiting = channel.request(PULL).catch((error: unknown) => error);
    await pass(19);
    expect(page.said.filter(({ type }) => type === 'check')).toHaveLength(19);
    await pass(1);
    expect(await waiting).toEqual(new TransportEnded('no answer in time'));
    expect(vi.getTimerCount()).toBe(0);
  });
});
