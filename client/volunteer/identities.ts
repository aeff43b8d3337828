import * as z from 'zod/mini';
import { hello } from '../../shared/protocol/messages.ts';

const count = z.int().check(z.minimum(0));
const counts = z.strictObject({ applied: count, lost: count, samples: count });

/** Updates and samples that a page shows of its device. */
export type Counts = z.infer<typeof counts>;

/** What a page shows of its device that outlives the page. */
const deviceFigures = z.strictObject({
  totals: counts,
  /** Of those, what an earlier run of the server had, or one that lost them: the present run has them not. */
  earlier: counts,
  /** Samples of all devices in the run, as the server said last. */
  runSamples: count,
});
export type KeptFigures = z.infer<typeof deviceFigures>;

/** A device that a tab of this browser can be: what it shows to keep its id, which is secret, and its figures. */
const identity = z.required(z.strictObject({ resume: hello.shape.resume, figures: deviceFigures }));
export type Identity = z.infer<typeof identity>;
const kept = z.array(identity);

/** Tabs that a browser has at a time; one beyond that is a new device each time. */
const MAX_KEPT = 32;

/** Where a browser keeps what pages leave there; it may refuse, by an exception. */
export interface Storages {
  /** Of all tabs of the browser. */
  browser: () => Storage;
  /** Of this tab, over reloads; a duplicated tab begins with a copy. */
  tab: () => Storage;
}

/**
 * The devices that this browser was for a server, the oldest first. A browser may refuse storage: then each load of the
 * page is a new device, and nothing else is lost.
 */
export class Identities {
  readonly #storages: Storages;
  readonly #key: string;

  /** @param base path of the server: several may be below one origin. */
  constructor(base: string, storages: Storages = { browser: () => localStorage, tab: () => sessionStorage }) {
    this.#storages = storages;
    this.#key = `tabswarm.identity ${base}`;
  }

  /** That of this tab before its reload first, then the oldest first. */
  candidates(): Identity[] {
    const all = this.#read();
    const own = attempt(() => this.#storages.tab().getItem(this.#key)) ?? null;
    const isOwn = ({ resume }: Identity) => resume.device === own;
    return [...all.filter(isOwn), ...all.filter((each) => !isOwn(each))];
  }

  /** Keeps what this tab is now. @param before the device that it was, which the server has given another id. */
  keep(identity: Identity, before: string | null = null): void {
    const { device } = identity.resume;
    const others = this.#read().filter(({ resume }) => resume.device !== before);
    const place = others.findIndex(({ resume }) => resume.device === device);
    const all = place < 0 ? [...others, identity] : others.with(place, identity);
    attempt(() => this.#storages.browser().setItem(this.#key, JSON.stringify(all.slice(0, MAX_KEPT))));
    attempt(() => this.#storages.tab().setItem(this.#key, device));
  }

  #read(): Identity[] {
    const text = attempt(() => this.#storages.browser().getItem(this.#key)) ?? '[]';
    return attempt(() => kept.parse(JSON.parse(text))) ?? [];
  }
}

/** @returns undefined where it throws. */
function attempt<Result>(use: () => Result): Result | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
