import { describe, expect, it } from 'vitest';
import type { ChannelRequest } from '../../shared/protocol/channel.ts';
import { RequestClient } from './requestClient.ts';
import { ManualTimer } from '../../shared/testing/manualTimer.ts';
import { NO_BYTES, TransportEnded } from './transport.ts';

function client() {
  const timer = new ManualTimer();
  const sent: ChannelRequest[] = [];
  const requests = new RequestClient((request) => sent.push(request), timer.after);
  const answer = (id: number, outcome: string, bytes: Uint8Array<ArrayBuffer> = NO_BYTES) =>
    requests.receive({ json: JSON.stringify({ id, answer: { outcome } }), bytes });
  return { requests, sent, answer, timer };
}

describe('requests over a channel', () => {
  it('[TR1] each gets its own answer, in whatever order they come', async () => {
    const { requests, sent, answer, timer } = client();
    const first = requests.request({
      event: 'pull',
      body: { version: 1 },
      bytes: NO_BYTES,
      withinMs: 1000,
    });
    const second = requests.request({ event: 'push', body: {}, bytes: NO_BYTES, withinMs: 1000 });
    expect(sent).toEqual([
      { id: 1, event: 'pull', body: { version: 1 } },
      { id: 2, event: 'push', body: {} },
    ]);
    answer(2, 'APPLIED', Uint8Array.of(7));
    answer(9, 'OK');
    answer(1, 'OK');
    answer(1, 'BUSY');
    expect(await first).toEqual({ answer: { outcome: 'OK' }, bytes: NO_BYTES });
    expect(await second).toEqual({ answer: { outcome: 'APPLIED' }, bytes: Uint8Array.of(7) });
    expect([requests.unanswered, timer.pending]).toEqual([0, 0]);
  });

  it('[TR1] [TR6] one that is not answered in time fails alone; all fail when the channel ends', async () => {
    const { requests, answer, timer } = client();
    const hasty = requests.request({ event: 'pull', body: {}, bytes: NO_BYTES, withinMs: 10 });
    const patient = requests.request({ event: 'push', body: {}, bytes: NO_BYTES, withinMs: 1000 });
    timer.advance(9);
    expect(requests.unanswered).toBe(2);
    timer.advance(1);
    await expect(hasty).rejects.toThrow(new TransportEnded('no answer in time'));
    answer(1, 'OK');
    expect(requests.unanswered).toBe(1);
    requests.end('cut');
    requests.end('cut again');
    await expect(patient).rejects.toThrow(new TransportEnded('cut'));
    expect(timer.pending).toBe(0);
    await expect(
      requests.request({ event: 'pull', body: {}, bytes: NO_BYTES, withinMs: 10 }),
    ).rejects.toThrow(/^cut$/);
  });

  it.each(['', '[]', '{"id":1}', '{"id":-1,"answer":{}}', '{"id":1,"answer":5}'])(
    '[TR1] %s is no answer',
    (json) => {
      expect(() => client().requests.receive({ json, bytes: NO_BYTES })).toThrow();
    },
  );
});
