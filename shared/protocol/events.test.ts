import { describe, expect, it } from 'vitest';
import {
  describeEvent,
  EVENT_GROUP_NAMES,
  EVENT_TYPES,
  eventsQuery,
  readEvent,
  typesOf,
  type RunEvent,
} from './events.ts';

const EVENT: RunEvent = { type: 'saved', time: '2026-01-02T03:04:05.000Z', actor: 'server', version: 1200 };

describe('an event', () => {
  it('[LG1] is read with its time, its actor and its own fields', () => {
    expect(readEvent(JSON.parse(JSON.stringify(EVENT)))).toEqual(EVENT);
    expect(describeEvent(EVENT)).toBe('Saved version 1,200.');
  });

  it.each<[string, object]>([
    ['of a type that this release does not know', { ...EVENT, type: 'raptured' }],
    ['without its field', { type: 'saved', time: EVENT.time, actor: 'server' }],
    ['with a field of another', { ...EVENT, reason: 'no room' }],
    ['of an actor that there cannot be', { ...EVENT, actor: 'somebody' }],
    ['of no date', { ...EVENT, time: 'yesterday' }],
  ])('[LG1] %s is none', (_name, value) => {
    expect(readEvent(value)).toBeNull();
  });

  it('[LG6] is of one group', () => {
    expect(EVENT_GROUP_NAMES.flatMap(typesOf).sort()).toEqual([...EVENT_TYPES].sort());
  });
});

it('[LG5] a query names types that there are, and no more events than an answer takes', () => {
  expect(eventsQuery.parse({})).toEqual({ limit: 100 });
  expect(eventsQuery.parse({ after: '7', types: 'joined,left', limit: '5' })).toEqual({
    after: 7,
    types: ['joined', 'left'],
    limit: 5,
  });
  for (const wrong of [{ after: '-1' }, { types: 'joined,raptured' }, { limit: '501' }, { before: '3' }])
    expect(eventsQuery.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});
