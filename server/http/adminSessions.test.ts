import { expect, it, vi } from 'vitest';
import { MemoryRows } from '../store/memoryRows.ts';
import { renewToken } from './adminSessions.ts';
import { sessionsIn } from './testing/sessions.ts';

const GIVEN = 'a token of the operator';

it('[AD26] token and sessions outlast the process, and the token is told once', async () => {
  const rows = new MemoryRows();
  const { sessions, token } = await sessionsIn(rows);
  const cookie = (await sessions.open(token)) ?? '';
  const next = (await sessionsIn(rows)).sessions;
  expect(next.token).toBeNull();
  expect(next.holds(cookie)).toBe(true);
  expect(await next.open(token)).not.toBeNull();
  await next.close(cookie);
  expect((await sessionsIn(rows)).sessions.holds(cookie)).toBe(false);
});

it('[AD26] nothing that is kept is a token or a cookie', async () => {
  const kept = new Map<string, string>();
  const { sessions, token } = await sessionsIn(new MemoryRows(kept));
  const cookie = await sessions.open(token);
  const text = JSON.stringify([...kept]);
  expect(text).not.toContain(token);
  expect(text).not.toContain(cookie);
});

it('[AD27] a token that the operator gives takes the place of the one before, and ends its sessions', async () => {
  const rows = new MemoryRows();
  const before = await sessionsIn(rows);
  const cookie = (await before.sessions.open(before.token)) ?? '';
  const { sessions } = await sessionsIn(rows, GIVEN);
  expect(sessions.token).toBe(GIVEN);
  expect(sessions.holds(cookie)).toBe(false);
  expect(await sessions.open(before.token)).toBeNull();
  const own = (await sessions.open(GIVEN)) ?? '';
  expect((await sessionsIn(rows, GIVEN)).sessions.holds(own)).toBe(true);
  expect((await sessionsIn(rows)).sessions.holds(own)).toBe(true);
});

it('[AD31] a session that cannot be kept is opened all the same, and ends with the process', async () => {
  const rows = new MemoryRows();
  const { sessions, token } = await sessionsIn(rows);
  vi.spyOn(rows, 'write').mockRejectedValueOnce(new Error('no room'));
  const cookie = (await sessions.open(token)) ?? '';
  expect(sessions.holds(cookie)).toBe(true);
  expect((await sessionsIn(rows)).sessions.holds(cookie)).toBe(false);
});

it('[AD28] a renewed token is the only one, and every session has ended', async () => {
  const rows = new MemoryRows();
  const { store, sessions, token } = await sessionsIn(rows);
  const cookie = (await sessions.open(token)) ?? '';
  const renewed = await renewToken(store, new Date(0));
  const next = (await sessionsIn(rows)).sessions;
  expect(next.holds(cookie)).toBe(false);
  expect(await next.open(token)).toBeNull();
  expect(await next.open(renewed)).not.toBeNull();
});

it('[AD1] a session is another for each who shows the token, and the oldest ends where there are too many', async () => {
  const rows = new MemoryRows();
  const { sessions, token } = await sessionsIn(rows);
  const cookies: string[] = [];
  for (let count = 0; count < 65; count++) cookies.push((await sessions.open(token)) ?? '');
  expect(new Set(cookies).size).toBe(65);
  const held = [false, ...Array<boolean>(64).fill(true)];
  expect(cookies.map((each) => sessions.holds(each))).toEqual(held);
  const next = (await sessionsIn(rows)).sessions;
  expect(cookies.map((each) => next.holds(each))).toEqual(held);
  expect([sessions.holds(undefined), sessions.holds(''), sessions.holds(token)]).toEqual([
    false,
    false,
    false,
  ]);
  expect((await sessionsIn()).token).not.toBe(token);
});
