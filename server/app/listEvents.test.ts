import { describe, expect, it } from 'vitest';
import { MAX_EVENTS_AN_ANSWER, type RunEvent } from '../../shared/protocol/events.ts';
import { MemoryRows } from '../store/memoryRows.ts';
import { Store } from '../store/store.ts';
import { listEvents } from './listEvents.ts';

const RUN = '00000badcafe';
const time = '2026-01-02T03:04:05.000Z';
const saved = (version: number): RunEvent => ({ type: 'saved', actor: 'server', time, version });
const act: RunEvent = { type: 'act', actor: 'admin', time, action: 'pause', given: null };

async function storeWith(events: RunEvent[]): Promise<Store> {
  const store = await Store.open(new MemoryRows(), 'memory');
  await store.events.append(RUN, ...events);
  return store;
}

describe('the events of a run', () => {
  it('[LG5] are the newest in order where no place is given', async () => {
    const store = await storeWith([saved(1), saved(2), saved(3)]);
    const { events, next } = await listEvents(store, RUN, { limit: 2 });
    expect(events).toEqual([
      { place: 2, event: saved(2) },
      { place: 3, event: saved(3) },
    ]);
    expect(next).toBe(3);
    expect(await listEvents(store, 'ffffffffffff', { limit: 2 })).toEqual({ events: [], next: 0 });
  });

  it('[LG5] are those after a place, of the types that are asked for, and go on where an answer ended', async () => {
    const many = Array.from({ length: MAX_EVENTS_AN_ANSWER + 20 }, (_, index) => saved(index));
    const store = await storeWith([act, ...many, act, act]);
    const first = await listEvents(store, RUN, { after: 1, types: ['act'], limit: 1 });
    expect(first.events).toEqual([{ place: many.length + 2, event: act }]);
    const second = await listEvents(store, RUN, { after: first.next, types: ['act'], limit: 1 });
    expect(second.events.map(({ place }) => place)).toEqual([many.length + 3]);
    const last = await listEvents(store, RUN, { after: second.next, types: ['act'], limit: 1 });
    expect(last).toEqual({ events: [], next: second.next });
  });

  it('[LG1] leave out one that this release does not know', async () => {
    const store = await storeWith([saved(1)]);
    await store.events.append(RUN, { type: 'raptured', actor: 'server', time });
    const { events, next } = await listEvents(store, RUN, { limit: 10 });
    expect([events.length, next]).toEqual([1, 2]);
  });
});
