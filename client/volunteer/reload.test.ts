import { describe, expect, it } from 'vitest';
import { VersionReload } from './reload.ts';

const REFUSED = {
  type: 'state',
  state: 'failed',
  message: 'this server speaks protocol 8',
  outcome: 'WRONG_PROTOCOL',
} as const;
const TAKEN = { type: 'state', state: 'loading', message: null } as const;

/** A tab: its session storage lasts over its loads. */
function tab() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as unknown as Storage;
  const reloads = { count: 0 };
  const load = () =>
    new VersionReload(
      () => storage,
      () => reloads.count++,
    );
  return { load, reloads };
}

describe('a page whose server is of another version', () => {
  it('[PG14] is loaded anew, and then starts automatically', () => {
    const { load, reloads } = tab();
    const first = load();
    expect([first.takeUp(), first.hear(REFUSED), reloads.count]).toEqual([false, null, 1]);
    const second = load();
    expect([second.takeUp(), second.takeUp()]).toEqual([true, false]);
  });

  it('[PG15] is not loaded anew a second time, nor started automatically when a person loads it, and says so', () => {
    const { load, reloads } = tab();
    load().hear(REFUSED);
    const second = load();
    second.takeUp();
    expect(second.hear(REFUSED)?.message).toMatch(/different versions of Tabswarm, .* did not help/);
    expect([load().takeUp(), reloads.count]).toEqual([false, 1]);
  });

  it('[PG14] is loaded anew at the next version of a server that has taken it', () => {
    const { load, reloads } = tab();
    load().hear(REFUSED);
    const second = load();
    second.takeUp();
    expect(second.hear(TAKEN)).toBe(TAKEN);
    expect([second.hear(REFUSED), reloads.count]).toEqual([null, 2]);
  });

  it('[PG15] stays where the browser keeps no mark of it', () => {
    const reloads: string[] = [];
    const refuse = () => {
      throw new Error('denied');
    };
    const page = new VersionReload(refuse, () => reloads.push('reload'));
    expect(page.hear(TAKEN)).toBe(TAKEN);
    expect(page.hear(REFUSED)?.message).toContain('different versions');
    expect([page.takeUp(), reloads]).toEqual([false, []]);
  });

  it('is not what any other failure is', () => {
    const { load, reloads } = tab();
    const full = { ...REFUSED, outcome: 'FULL' } as const;
    expect([load().hear(full), reloads.count]).toEqual([full, 0]);
  });
});
