import { describe, expect, it } from 'vitest';
import { RollCall, type TabChannel } from './rollCall.ts';

type Said = Parameters<TabChannel['say']>[0];

/** Tabs of one browser; waits end by hand. */
function browser() {
  const ears: ((said: Said) => void)[] = [];
  const waits: (() => void)[] = [];
  const open = (tab: string) => {
    let own: (said: Said) => void = () => undefined;
    const channel: TabChannel = {
      say: (said) => {
        for (const ear of ears) if (ear !== own) ear(said);
      },
      listen: (hear) => {
        own = hear;
        ears.push(hear);
      },
    };
    return new RollCall(channel, tab, () => new Promise((resolve) => waits.push(resolve)));
  };
  /** Lets the waits of all end until every tab has what it takes. */
  const settle = async <Result>(taking: Promise<Result>[]): Promise<Result[]> => {
    const state = { over: false };
    const all = Promise.all(taking).finally(() => (state.over = true));
    while (!state.over) {
      for (const end of waits.splice(0)) end();
      await Promise.resolve();
    }
    return all;
  };
  return { open, settle };
}

describe('the tabs of a browser', () => {
  it('[PG17] take the first device where there is one tab', async () => {
    const { open, settle } = browser();
    const tab = open('a');
    expect(await settle([tab.take(['one', 'two'])])).toEqual(['one']);
    expect(await settle([open('b').take([])])).toEqual([null]);
  });

  it('[PG17] take another device than one that a tab has, and none where all are taken', async () => {
    const { open, settle } = browser();
    for (const [tab, takes] of [
      ['b', 'one'],
      ['c', 'two'],
      ['a', null],
    ] as const) {
      expect(await settle([open(tab).take(['one', 'two'])])).toEqual([takes]);
    }
  });

  it('[PG17] leave a device to the tab that the server gave it to', async () => {
    const { open, settle } = browser();
    open('b').hold('one');
    expect(await settle([open('a').take(['one', 'two'])])).toEqual(['two']);
  });

  it.each([
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['b', 'c', 'a'],
  ])('[PG17] take different devices when %s, %s and %s are opened at a time', async (...names) => {
    const { open, settle } = browser();
    const tabs = names.map(open);
    const taken = await settle(tabs.map((tab) => tab.take(['one', 'two', 'three'])));
    expect(taken.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('[PG17] give up a device when they take one again', async () => {
    const { open, settle } = browser();
    const tab = open('a');
    await settle([tab.take(['one', 'two'])]);
    const other = open('b');
    expect(await settle([other.take(['one'])])).toEqual([null]);
    await settle([tab.take(['two'])]);
    expect(await settle([other.take(['one', 'two'])])).toEqual(['one']);
  });
});
