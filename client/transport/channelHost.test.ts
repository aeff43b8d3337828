import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Welcome } from '../../shared/protocol/messages.ts';
import { NO_BYTES } from './transport.ts';
import { dataChannels } from './channelHost.ts';
import { delivered, ScriptedPage } from './testing/scriptedPage.ts';
import { replyOf, ScriptedTransport } from './testing/scriptedTransport.ts';
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

function alternateOf(
  preference: TransportPreference,
  offer: Welcome['dataChannels'],
  says: Record<string, unknown> = answering,
) {
  const socket = new ScriptedTransport('socketio', () => replyOf(says));
  const find = dataChannels(preference, (request) => pages.push(new ScriptedPage(request)));
  return { found: find(offer, socket), socket };
}

/** The alternate transport of a server that has one. */
function oneAlternate(says?: Record<string, unknown>) {
  const offer = { wanted: false, iceServers: ICE_SERVERS, maxMessageBytes: 5000 };
  const { found, socket } = alternateOf('auto', offer, says);
  return { alternate: found?.alternate ?? expect.fail('no alternate transport'), socket };
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

describe('the data channel of a device to a shard host', () => {
  const offering = (wanted: boolean) => ({ wanted, iceServers: [], maxMessageBytes: 5000 });

  it('is none where the server has none, whatever is preferred', () => {
    for (const preference of TRANSPORT_PREFERENCE_NAMES)
      expect(alternateOf(preference, null).found).toBeNull();
  });

  it('is none where only the socket is preferred', () => {
    expect(alternateOf('socketio', offering(true)).found).toBeNull();
  });

  it.each<[TransportPreference, boolean, boolean]>([
    ['auto', false, false],
    ['auto', true, true],
    ['webrtc', false, true],
    ['webrtc', true, true],
  ])('preferred as %s where the server says wanted: %s, is waited for: %s', (preference, wanted, waited) => {
    expect(alternateOf(preference, offering(wanted)).found?.wanted).toBe(waited);
  });

  it('[TR12] takes messages as large as the server says that they may be', () => {
    void alternateOf('auto', offering(false)).found?.alternate.open();
    expect(pages.map(({ request }) => request.maxMessageBytes)).toEqual([5000]);
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

  it('[TR15] takes its offer to the shard host by the socket', async () => {
    const { alternate, socket } = oneAlternate();
    void alternate.open();
    newest().say({ type: 'offer', sdp: 'the offer' });
    await delivered();
    expect(socket.asked).toEqual([
      { event: 'signal', body: { offer: 'the offer' }, bytes: NO_BYTES, withinMs: 30_000 },
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
