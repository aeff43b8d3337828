import { expect, it } from 'vitest';
import { EventList, MAX_LISTED } from './eventList.ts';

const saved = (place: number) => ({
  place,
  event: { type: 'saved', actor: 'server', time: '2026-01-01T00:00:00.000Z', version: place },
});

it('[LG6] lists the newest first, and goes on where the page before ended', () => {
  const list = new EventList();
  expect(list.next).toBeNull();
  list.add({ events: [saved(1), saved(2)], next: 2 });
  list.add({ events: [saved(5)], next: 7 });
  expect(list.events.map(({ place }) => place)).toEqual([5, 2, 1]);
  expect(list.next).toBe(7);
});

it('[LG6] keeps no more than a person reads', () => {
  const list = new EventList();
  for (let place = 1; place <= MAX_LISTED + 50; place++) list.add({ events: [saved(place)], next: place });
  expect(list.events).toHaveLength(MAX_LISTED);
  expect(list.events[0]?.place).toBe(MAX_LISTED + 50);
});

it('leaves out what it does not know', () => {
  const list = new EventList();
  list.add({ events: [{ place: 1, event: { type: 'of another release' } }, saved(2)], next: 2 });
  expect(list.events.map(({ place }) => place)).toEqual([2]);
});
