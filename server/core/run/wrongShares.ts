import { RecentMap } from '../recentMap.ts';
import type { RecordOf } from '../shard/records.ts';

/** From half of the weight of a commit on, what is wrong decides what it comes to: no rule holds against that. */
const DECISIVE_SHARE = 0.5;
/** Updates that are remembered: an audit comes soon after its update, or not at all. */
const REMEMBERED = 4096;

interface Commit {
  version: number;
  /** What the weights of all its members come to. */
  total: number;
  /** The same of those that were found wrong. */
  wrong: number;
}

interface Applied {
  commit: Commit;
  weight: number;
}

/** Which commits were decided by updates that were found wrong afterwards. */
export class WrongShares {
  /** By lease. */
  #applied = new RecentMap<number, Applied>(REMEMBERED);

  /** The updates of a record became part of the model. */
  committed({ version, members }: RecordOf<'update'>): void {
    const weights = members.map(({ weight }) => Math.abs(weight));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const commit: Commit = { version, total, wrong: 0 };
    members.forEach(({ lease }, index) => this.#applied.set(lease, { commit, weight: weights[index] ?? 0 }));
  }

  /**
   * An audit found the update of this lease wrong.
   * @returns the version of its commit, where wrong updates had half of its weight or more; else null.
   */
  foundWrong(lease: number): number | null {
    const applied = this.#applied.get(lease);
    if (applied === undefined) return null;
    const { commit, weight } = applied;
    commit.wrong += weight;
    return commit.wrong >= DECISIVE_SHARE * commit.total ? commit.version : null;
  }
}
