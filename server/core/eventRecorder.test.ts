import { describe, expect, it } from 'vitest';
import type { NewEvent, RunEvent } from '../../shared/protocol/events.ts';
import { EventRecorder, KEPT_A_MINUTE } from './eventRecorder.ts';
import { settled } from './testing/runWorld.ts';
import { VirtualClock } from './testing/virtualClock.ts';

const TIME = '2026-01-02T03:04:05.000Z';
const JOINED: NewEvent = { type: 'joined', actor: '0123456789ab', agent: 'a browser' };
const SAVED: NewEvent = { type: 'saved', actor: 'server', version: 3 };
const ACT: NewEvent = { type: 'act', actor: 'admin', action: 'pause', given: null };

function recording(append?: (events: readonly RunEvent[]) => Promise<void>) {
  const clock = new VirtualClock();
  const kept: RunEvent[] = [];
  const failures: unknown[] = [];
  const recorder = new EventRecorder({
    clock,
    date: () => TIME,
    append: append ?? ((events) => Promise.resolve(void kept.push(...events))),
    failed: (error) => failures.push(error),
  });
  return { clock, kept, failures, recorder };
}

describe('the recorder of events', () => {
  it('[LG7] keeps nothing once it is closed, and complains of nothing', async () => {
    const { recorder, kept, failures } = recording();
    void recorder.record(JOINED);
    await recorder.close();
    await recorder.record(SAVED);
    expect(kept.map(({ type }) => type)).toEqual(['joined']);
    expect(failures).toEqual([]);
  });

  it('[LG1] keeps events in the order in which they came, with their time', async () => {
    const { recorder, kept } = recording();
    void recorder.record(JOINED);
    await recorder.record(SAVED);
    expect(kept).toEqual([
      { ...JOINED, time: TIME },
      { ...SAVED, time: TIME },
    ]);
  });

  it('[LG3] keeps a number of a type a minute, then how many came beyond, and others all the while', async () => {
    const { recorder, kept, clock } = recording();
    for (let count = 0; count < 1000; count++) void recorder.record(JOINED);
    await recorder.record(SAVED);
    expect(kept.filter(({ type }) => type === 'joined')).toHaveLength(KEPT_A_MINUTE);
    expect(kept.at(-1)?.type).toBe('saved');
    clock.advance(60_000);
    await settled();
    expect(kept.at(-1)).toMatchObject({ type: 'omitted', of: 'joined', events: 1000 - KEPT_A_MINUTE });
    await recorder.record(JOINED);
    expect(kept.at(-1)?.type).toBe('joined');
  });

  it('[LG3] says at its end what it left out', async () => {
    const { recorder, kept } = recording();
    for (let count = 0; count <= KEPT_A_MINUTE; count++) void recorder.record(JOINED);
    await recorder.close();
    expect(kept.at(-1)).toMatchObject({ type: 'omitted', of: 'joined', events: 1 });
  });

  it('[LG4] keeps every act of an operator, and is done when it is durable', async () => {
    const durable: (() => void)[] = [];
    const { recorder } = recording(() => new Promise((resolve) => durable.push(resolve)));
    let done = 0;
    const record = () => void recorder.record(ACT).then(() => done++);
    record();
    await settled();
    for (let count = 1; count < 2 * KEPT_A_MINUTE; count++) record();
    await settled();
    expect(done).toBe(0);
    durable[0]?.();
    await settled();
    expect(done).toBe(1);
    durable[1]?.();
    await settled();
    expect(done).toBe(2 * KEPT_A_MINUTE);
  });

  it('[LG7] tells of events that cannot be kept, and goes on', async () => {
    let full = true;
    const kept: RunEvent[] = [];
    const { recorder, failures } = recording((events) => {
      if (full) return Promise.reject(new Error('no space left'));
      kept.push(...events);
      return Promise.resolve();
    });
    await recorder.record(JOINED);
    full = false;
    await recorder.record(SAVED);
    expect(failures).toHaveLength(1);
    expect(kept.map(({ type }) => type)).toEqual(['saved']);
  });
});
