import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ShardMap, Welcome } from '../../shared/protocol/messages.ts';
import { messageLimit } from '../../shared/protocol/messageLimit.ts';
import { NO_BYTES } from './transport.ts';
import { dataChannels } from './channelHost.ts';
import { delivered, ScriptedPage } from './testing/scriptedPage.ts';
import { replyOf, ScriptedTransport, runAt } from './testing/scriptedTransport.ts';
import { TRANSPORT_PREFERENCE_NAMES, type TransportPreference } from '../../shared/transport/preference.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => {
  vi.useRealTimers();
  for (const page of pages.splice(0)) page.close();
});

const ICE_SERVERS = [{ urls: 'stun:stun.example' }];
const answering = { outcome: 'OK', answer: 'the answer' };

/** The pages that were asked for a channel, in order. */
const pages: ScriptedPage[] = [];
const newest = () => pages.at(-1) ?? expect.fail('no channel was asked for');

const shardsAt = (urls: string[]) => runAt(urls).shards;

function alternatesOf(
  preference: TransportPreference,
  offer: Welcome['dataChannels'],
  shards: ShardMap,
  says: Record<string, unknown> = answering,
) {
  const socket = new ScriptedTransport('socketio', () => replyOf(says));
  const found = dataChannels(preference, (request) => pages.push(new ScriptedPage(request)))(
    offer,
    shards,
    socket,
  );
  return { ...found, socket };
}

/** The one alternate transport of a server whose shards are all its own. */
function oneAlternate(says?: Record<string, unknown>) {
  const offer = { wanted: false, iceServers: ICE_SERVERS };
  const { alternates, socket } = alternatesOf('auto', offer, shardsAt(['', '']), says);
  const alternate = alternates[0] ?? expect.fail('no alternate transport');
  return { alternate, socket };
}

async function pass(milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds);
  await delivered();
}

/** The channel of the newest page ends. */
async function cut(): Promise<void> {
  newest().say({ type: 'closed', reason: 'cut' });
  await delivered();
}

describe('the data channels of a device', () => {
  const offering = (wanted: boolean) => ({ wanted, iceServers: [] });
  const here = shardsAt(['']);

  it('are none where the server has none, whatever is preferred', () => {
    for (const preference of TRANSPORT_PREFERENCE_NAMES) {
      expect(alternatesOf(preference, null, here)).toMatchObject({ alternates: [], wanted: false });
    }
  });

  it('are none where only the socket is preferred', () => {
    expect(alternatesOf('socketio', offering(true), here)).toMatchObject({ alternates: [], wanted: false });
  });

  it.each<[TransportPreference, boolean, boolean]>([
    ['auto', false, false],
    ['auto', true, true],
    ['webrtc', false, true],
    ['webrtc', true, true],
  ])('preferred as %s where the server says wanted: %s, are waited for: %s', (preference, wanted, waited) => {
    const found = alternatesOf(preference, offering(wanted), here);
    expect([found.alternates.length, found.wanted]).toEqual([1, waited]);
  });

  it('are one to each process that has shards', () => {
    const shards = shardsAt(['https://a', 'https://b', 'https://a']);
    const { alternates } = alternatesOf('auto', offering(false), shards);
    expect(alternates.map(({ url }) => url)).toEqual(['https://a', 'https://b']);
  });

  it('[TR12] take messages as large as the largest slice of their process', () => {
    const shards = shardsAt(['https://a', 'https://b', 'https://a']).map((shard, index) => ({
      ...shard,
      length: 1000 * (index + 1),
    }));
    for (const alternate of alternatesOf('auto', offering(false), shards).alternates) void alternate.open();
    expect(pages.map(({ request }) => request.maxMessageBytes)).toEqual([
      messageLimit([{ offset: 0, length: 3000 }]),
      messageLimit([{ offset: 0, length: 2000 }]),
    ]);
  });
});

describe('a data channel next to the socket', () => {
  it('is not opened before it is begun, and cannot be used before it is open', async () => {
    const { alternate } = oneAlternate();
    await delivered();
    expect(pages).toHaveLength(0);
    void alternate.open();
    await delivered();
    expect([pages.length, alternate.transport]).toEqual([1, null]);
    expect(newest().request.iceServers).toEqual(ICE_SERVERS);
  });

  it('[TR15] takes its offer to a shard of its process by the socket', async () => {
    const offer = { wanted: false, iceServers: [] };
    const { alternates, socket } = alternatesOf('auto', offer, shardsAt(['https://a', 'https://b']));
    void alternates[1]?.open();
    newest().say({ type: 'offer', sdp: 'the offer' });
    await delivered();
    expect(socket.asked).toEqual([
      { shard: 1, event: 'signal', body: { offer: 'the offer' }, bytes: NO_BYTES, withinMs: 30_000 },
    ]);
    expect(newest().said).toEqual([{ type: 'answer', sdp: 'the answer' }]);
  });

  it('[TR2] can be used from when it is open until it ends; its first try is over then', async () => {
    const { alternate } = oneAlternate();
    const begun = alternate.open();
    newest().say({ type: 'open' });
    await begun;
    expect(alternate.transport?.name).toBe('webrtc');
    await cut();
    expect(alternate.transport).toBeNull();
  });

  it.each<[string, Record<string, unknown>]>([
    ['says why', { outcome: 'BUSY', reason: 'more than 16 offers' }],
    ['says nothing', { outcome: 'UNAVAILABLE' }],
    ['says what is no answer', { outcome: 'FINE' }],
  ])(
    '[TR2] whose offer is not answered, where the server %s, fails without an error',
    async (_name, says) => {
      const { alternate } = oneAlternate(says);
      const begun = alternate.open();
      newest().say({ type: 'offer', sdp: '' });
      await begun;
      await delivered();
      expect(alternate.transport).toBeNull();
      expect(newest().said).toEqual([{ type: 'close' }]);
    },
  );

  it('[TR2] is tried four times in all, each pause twice the last', async () => {
    const { alternate } = oneAlternate();
    void alternate.open();
    let tries = 1;
    for (const pause of [4000, 8000, 16_000]) {
      await cut();
      await pass(pause - 1);
      expect(pages).toHaveLength(tries);
      await pass(1);
      expect(pages).toHaveLength(++tries);
    }
    await cut();
    await pass(3_600_000);
    expect(pages).toHaveLength(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[TR2] is opened again once it has ended, and not while it is open', async () => {
    const { alternate } = oneAlternate();
    void alternate.open();
    newest().say({ type: 'open' });
    await delivered();
    await pass(3_600_000);
    expect(pages).toHaveLength(1);
    await cut();
    await pass(4000);
    expect(pages).toHaveLength(2);
    newest().say({ type: 'open' });
    await delivered();
    expect(alternate.transport?.name).toBe('webrtc');
  });

  it('[TR2] that is closed ends, and is not tried again', async () => {
    const { alternate } = oneAlternate();
    void alternate.open();
    newest().say({ type: 'open' });
    await delivered();
    alternate.close();
    await delivered();
    expect(newest().said).toEqual([{ type: 'close' }]);
    expect(alternate.transport).toBeNull();
    await pass(3_600_000);
    expect(pages).toHaveLength(1);
  });

  it('[TR2] that opens after it was closed is closed and not used', async () => {
    const { alternate } = oneAlternate();
    void alternate.open();
    alternate.close();
    newest().say({ type: 'open' });
    await delivered();
    expect(alternate.transport).toBeNull();
    expect(newest().said).toEqual([{ type: 'close' }]);
  });
});
