import { describe, expect, it } from 'vitest';
import { Identities, type Identity } from './identities.ts';

const NONE = { applied: 0, lost: 0, samples: 0 };

function identityOf(number: number, samples = 0): Identity {
  const device = number.toString(16).padStart(12, '0');
  const totals = { applied: 1, lost: 0, samples };
  return {
    resume: { device, token: number.toString(16).padStart(32, '0') },
    figures: { totals, earlier: NONE, runSamples: samples },
  };
}
const first = identityOf(1);
const second = identityOf(2);

/** A storage, and its content. */
function memory() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as unknown as Storage;
  return { kept, storage: () => storage };
}

/** A browser; each tab has a session storage of its own. */
function browser() {
  const shared = memory();
  const tab = (base = '/', own = memory()) =>
    new Identities(base, { browser: shared.storage, tab: own.storage });
  return { kept: shared.kept, tab };
}

describe('the identities of a browser', () => {
  it('[PG16] outlast the tab, with what was shown of them', () => {
    const { tab } = browser();
    expect(tab().candidates()).toEqual([]);
    tab().keep(first);
    tab().keep(second);
    expect(tab().candidates()).toEqual([first, second]);
    tab().keep(identityOf(1, 96));
    expect(tab().candidates()).toEqual([identityOf(1, 96), second]);
  });

  it('[PG16] begin, for a tab that is loaded anew, with its own', () => {
    const { tab } = browser();
    const session = memory();
    tab().keep(first);
    tab('/', session).keep(second);
    expect(tab('/', session).candidates()).toEqual([second, first]);
  });

  it('[PG16] have the id that the server gave in place of one that it does not know', () => {
    const { tab } = browser();
    tab().keep(first);
    tab().keep(second, first.resume.device);
    expect(tab().candidates()).toEqual([second]);
  });

  it('are those of one server: others may be below the same origin', () => {
    const { tab } = browser();
    tab('/one/').keep(first);
    expect(tab('/other/').candidates()).toEqual([]);
  });

  it('are 32 at most, the oldest', () => {
    const { tab } = browser();
    for (let number = 0; number < 40; number++) tab().keep(identityOf(number));
    expect(tab().candidates()).toHaveLength(32);
    expect(tab().candidates()[0]).toEqual(identityOf(0));
  });

  it.each(['{', '{}', '[{"resume":{"device":"x","token":"y"}}]', '7'])('take %s for none', (text) => {
    const { kept, tab } = browser();
    tab().keep(first);
    for (const key of kept.keys()) kept.set(key, text);
    expect(tab().candidates()).toEqual([]);
    tab().keep(second);
    expect(tab().candidates()).toEqual([second]);
  });

  it('are none where the browser refuses storage', () => {
    const refused = () => {
      throw new Error('denied');
    };
    const identities = new Identities('/', { browser: refused, tab: refused });
    expect(() => identities.keep(first)).not.toThrow();
    expect(identities.candidates()).toEqual([]);
  });
});
