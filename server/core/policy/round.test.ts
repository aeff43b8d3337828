import { describe, expect, it } from 'vitest';
import { LIMITS, syncPolicy } from '../testing/policies.ts';
import type { LeaseGrant, ReadyWorker } from './policy.ts';
import type { SyncSettings } from './sync.ts';

const trusted = (seat: number, unitMs: number | null = null): ReadyWorker => ({
  device: `d${seat}`,
  seat,
  unitMs,
  isBounded: false,
  voices: Infinity,
});

const stranger = (seat: number, unitMs: number | null = null): ReadyWorker => ({
  ...trusted(seat, unitMs),
  isBounded: true,
  voices: 1,
});

/** A policy whose leases are named by the numbers of their workers. */
class Rounds {
  readonly policy;
  readonly #leases = new Map<number, number>();
  #lease = 0;

  constructor(settings: Partial<SyncSettings> = {}) {
    this.policy = syncPolicy(settings);
  }

  /** These are ready, and no others. */
  ask(now: number, ...ready: ReadyWorker[]): LeaseGrant[] {
    const { length } = ready;
    const crowd = { present: length, waiting: length, able: () => length };
    const grants = this.policy.room(crowd, now) === 0 ? [] : this.policy.assign(ready, 5, now, crowd);
    for (const grant of grants) {
      this.#leases.set(grant.seat, ++this.#lease);
      this.policy.granted(this.#lease, grant);
    }
    return grants;
  }

  leaseOf(seat: number): number {
    return this.#leases.get(seat) ?? 0;
  }

  /** Updates of these workers are whole. @returns how many updates are committed then. */
  send(now: number, ...seats: number[]): number {
    for (const seat of seats)
      this.policy.completed({ lease: this.leaseOf(seat), baseUpdates: 5, samples: 32 });
    return this.commitAt(now);
  }

  expire(seat: number): void {
    this.policy.ended(this.leaseOf(seat));
  }

  commitAt(now: number): number {
    return this.policy
      .settle(now, true)
      .reduce((sum, each) => sum + (each.type === 'commit' ? each.members.length : 0), 0);
  }

  /** A round of these workers, who send at once. */
  deliver(now: number, ...workers: ReadyWorker[]): this {
    this.ask(now, ...workers);
    expect(this.send(now, ...workers.map(({ seat }) => seat))).toBe(workers.length);
    return this;
  }
}

describe('a round with strangers that sent nothing', () => {
  it('[PO20] waits for them as long again as a trusted device took, and no longer', () => {
    const rounds = new Rounds();
    rounds.ask(100, trusted(0), stranger(1));
    expect(rounds.send(400, 0)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(700);
    expect(rounds.commitAt(699)).toBe(0);
    expect(rounds.commitAt(700)).toBe(1);
    const late = { lease: rounds.leaseOf(1), baseUpdates: 5, samples: 32 };
    expect(rounds.policy.completed(late)).toMatchObject([{ type: 'refuse', outcome: 'EXPIRED' }]);
    rounds.expire(1);
    rounds.ask(1000, trusted(0), stranger(1));
    expect(rounds.send(1300, 0)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(1000 + 2 * LIMITS.capMs);
  });

  it('[PO20] does so where a trusted device is lost and nobody can take its slot', () => {
    const rounds = new Rounds();
    rounds.ask(0, trusted(0), trusted(1), stranger(2));
    rounds.expire(1);
    expect(rounds.send(300, 0)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(600);
  });

  it('[PO20] with nobody else, waits five seconds at least, or as long again as the first took', () => {
    const soon = new Rounds();
    soon.ask(0, stranger(0), stranger(1), stranger(2));
    expect(soon.send(10, 0)).toBe(0);
    expect(soon.policy.wakeAt()).toBe(5000);
    expect(soon.send(4900, 1)).toBe(0);
    expect(soon.commitAt(5000)).toBe(2);
    const late = new Rounds();
    late.ask(0, stranger(0), stranger(1));
    expect(late.send(4000, 0)).toBe(0);
    expect(late.policy.wakeAt()).toBe(8000);
  });

  it('[PO20] waits as long again as devices took that sent before and are more, and else three seconds', () => {
    const rounds = new Rounds().deliver(0, stranger(0), stranger(1));
    rounds.ask(1000, stranger(0, 400), stranger(1, 400), stranger(2));
    expect(rounds.send(1200, 0, 1)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(1400);
    expect(rounds.commitAt(1400)).toBe(2);
    rounds.ask(2000, stranger(0, 400), stranger(1, 400), stranger(3), stranger(4));
    expect(rounds.send(2200, 0, 1)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(5000);
    expect(rounds.send(2400, 3)).toBe(3);
  });

  it('[PO20] many workers of one device are one device', () => {
    const workers = [0, 1, 2].map((seat) => ({ ...stranger(seat, 400), device: 'fast' }));
    const rounds = new Rounds().deliver(0, ...workers);
    rounds.ask(1000, ...workers, stranger(3));
    expect(rounds.send(1200, 0, 1, 2)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(4000);
  });

  it('[PO20] waits for who sent before as for anybody, however fast the others are', () => {
    const crowd = [0, 1, 2].map((seat) => stranger(seat, seat === 2 ? 500 : 100));
    const rounds = new Rounds().deliver(0, ...crowd);
    rounds.ask(1000, ...crowd, stranger(3));
    expect(rounds.send(1100, 0, 1)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(1000 + 2 * 1600);
    expect(rounds.send(1500, 2)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(2000);
  });

  it('[PO22] makes room after five seconds for workers that wait, where nothing has come', () => {
    const rounds = new Rounds();
    rounds.ask(0, stranger(0), stranger(1));
    expect(rounds.ask(1000, stranger(2))).toEqual([]);
    rounds.commitAt(1000);
    expect(rounds.policy.wakeAt()).toBe(5000);
    expect(rounds.ask(4999, stranger(2))).toEqual([]);
    const [again] = rounds.ask(5000, stranger(2));
    expect(again).toMatchObject({ device: 'd2', key: { lane: 0, step: 5 } });
    expect(rounds.send(6000, 2)).toBe(1);
  });

  it('[PO22] makes no room where nobody waits, nor where a trusted device is at work', () => {
    const alone = new Rounds();
    alone.ask(0, stranger(0));
    alone.ask(1000);
    expect(alone.policy.wakeAt()).toBe(2 * LIMITS.capMs);
    const rounds = new Rounds();
    rounds.ask(0, stranger(0), trusted(1));
    rounds.ask(1000, stranger(2));
    expect(rounds.policy.wakeAt()).toBe(2 * LIMITS.capMs);
  });

  it('[PO23] gives them leases as long as where nobody waits, and they lengthen no lease of the others', () => {
    const rounds = new Rounds().deliver(0, stranger(0), stranger(1));
    const leases = (...ready: ReadyWorker[]) => rounds.ask(1000, ...ready).map(({ leaseMs }) => leaseMs);
    expect(leases(stranger(0, 300), stranger(1, 300), stranger(2), stranger(3, 2000))).toEqual([
      1200,
      1200,
      LIMITS.capMs,
      8000,
    ]);
    expect(rounds.send(1300, 0, 1)).toBe(0);
    expect(rounds.policy.wakeAt()).toBe(1000 + 2 * 1200);
  });

  it('[PO6] [PO13] ends no complete round early, and changes none of its leases', () => {
    const rounds = new Rounds({ rounds: 'complete', roundSize: 2 });
    const leases = rounds.ask(0, trusted(0, 500), stranger(1)).map(({ leaseMs }) => leaseMs);
    expect(leases).toEqual([3000, 3000]);
    expect(rounds.send(500, 0)).toBe(0);
    rounds.ask(600, stranger(2));
    expect(rounds.policy.wakeAt()).toBeNull();
    expect(rounds.commitAt(1e6)).toBe(0);
    expect(rounds.send(1e6, 1)).toBe(2);
  });
});
