import { describe, expect, it } from 'vitest';
import { Identities, type KeptFigures } from './identities.ts';
import { RollCall, type TabChannel } from './rollCall.ts';
import { TabIdentity } from './tabIdentity.ts';

const FIRST = { device: '000000000001', token: '1'.repeat(32) };
const SECOND = { device: '000000000002', token: '2'.repeat(32) };
const NOTHING: KeptFigures = {
  totals: { applied: 0, lost: 0, samples: 0 },
  earlier: { applied: 0, lost: 0, samples: 0 },
  runSamples: 0,
};
const SOME: KeptFigures = { ...NOTHING, totals: { applied: 3, lost: 1, samples: 96 }, runSamples: 200 };

function memory(): () => Storage {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as unknown as Storage;
  return () => storage;
}

/** A browser that opens one tab after the other, none beside another. */
function browser() {
  const storages = { browser: memory(), tab: memory() };
  const identities = new Identities('/', storages);
  const said: unknown[] = [];
  const ears: Parameters<TabChannel['listen']>[0][] = [];
  const channel: TabChannel = {
    say: (each) => void said.push(each),
    listen: (hear) => void ears.push(hear),
  };
  /** What a tab that wants this device is answered. */
  const answersTo = (device: string) => {
    said.length = 0;
    for (const hear of ears) hear({ says: 'wants', tab: 'other', device });
    return said;
  };
  const open = () => new TabIdentity(identities, new RollCall(channel, 'tab', () => Promise.resolve()));
  return { open, identities, answersTo };
}

describe('the device that a tab is', () => {
  it('[PG16] is new at first, and the same with its figures when the page is opened again', async () => {
    const { open } = browser();
    const tab = open();
    expect([await tab.take(), tab.resume]).toEqual([null, null]);
    tab.given(FIRST, NOTHING);
    expect(tab.resume).toEqual(FIRST);
    tab.keep(SOME);
    const again = open();
    expect(await again.take()).toEqual({ resume: FIRST, figures: SOME });
    expect(again.resume).toEqual(FIRST);
  });

  it('[PG16] keeps its figures where the server gives it another id', async () => {
    const { open, identities } = browser();
    open().given(FIRST, SOME);
    const tab = open();
    await tab.take();
    tab.given(SECOND, SOME);
    expect(await open().take()).toEqual({ resume: SECOND, figures: SOME });
    expect(identities.candidates()).toHaveLength(1);
  });

  it('[PG18] is another one once another tab has taken it', async () => {
    const { open } = browser();
    const tab = open();
    tab.given(FIRST, SOME);
    expect([await tab.take(), tab.resume]).toEqual([null, null]);
    tab.given(SECOND, NOTHING);
    expect((await open().take())?.resume).toEqual(SECOND);
  });

  it('[PG17] is told to tabs that ask, once the server has given it', () => {
    const { open, answersTo } = browser();
    const tab = open();
    expect(answersTo(FIRST.device)).toEqual([]);
    tab.given(FIRST, NOTHING);
    expect(answersTo(FIRST.device)).toEqual([{ says: 'has', to: 'other', device: FIRST.device }]);
  });

  it('[PG16] keeps no figures before it has an id', async () => {
    const { open } = browser();
    open().keep(SOME);
    expect(await open().take()).toBeNull();
  });
});
