import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { News } from '../device/news.ts';
import { WORKER_STATES } from '../device/workerState.ts';

type StateNews = Extract<News, { type: 'state' }>;

/** Begun: the next load of the page goes on with it. Done: the page was loaded anew, and the server has not taken it yet. */
type Mark = 'begun' | 'done';

const KEY = 'tabswarm.reload';
const STILL_ANOTHER =
  'This page and the server are of different versions of Tabswarm, and loading the page anew did not help. Try again later, or tell the operator of the server.';

const isOfVersion = (outcome: Outcome | undefined): boolean => outcome === 'WRONG_PROTOCOL';

/** Loads the page of a tab anew where its server is of another version than the page, once until the server takes it [PG14]. */
export class VersionReload {
  readonly #storage: () => Storage;
  readonly #reload: () => void;

  constructor(storage = () => sessionStorage, reload = () => location.reload()) {
    this.#storage = storage;
    this.#reload = reload;
  }

  /** Whether this load is of that kind, so that the page starts automatically; true is said once. */
  takeUp(): boolean {
    if (this.#mark() !== ('begun' satisfies Mark)) return false;
    this.#keep('done');
    return true;
  }

  /** What the page is to show of its worker's news; null where the page is being loaded anew. */
  hear(news: StateNews): StateNews | null {
    if (WORKER_STATES[news.state].isConnected) this.#forget();
    if (!isOfVersion(news.outcome)) return news;
    return this.#begin() ? null : { ...news, message: STILL_ANOTHER };
  }

  /** @returns false where that was done, or where the browser keeps no mark of it: there would be no end to it. */
  #begin(): boolean {
    if (this.#mark() !== null || !this.#keep('begun')) return false;
    this.#reload();
    return true;
  }

  #mark(): string | null {
    let mark: string | null = null;
    this.#try((storage) => (mark = storage.getItem(KEY)));
    return mark;
  }

  #keep(mark: Mark): boolean {
    return this.#try((storage) => storage.setItem(KEY, mark));
  }

  #forget(): void {
    this.#try((storage) => storage.removeItem(KEY));
  }

  /** @returns false where the browser refuses storage. */
  #try(use: (storage: Storage) => void): boolean {
    try {
      use(this.#storage());
      return true;
    } catch {
      return false;
    }
  }
}
