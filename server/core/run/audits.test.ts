import { describe, expect, it } from 'vitest';
import { cutKeyRanges, sliceOf } from '../../../shared/model/ranges.ts';
import type { Arithmetic } from '../../../shared/profile/profile.ts';
import type { AuditVerdict, TrustState } from '../../../shared/protocol/trust.ts';
import { settled } from '../testing/runWorld.ts';
import { noiseVector } from '../testing/plainModel.ts';
import { VirtualClock } from '../testing/virtualClock.ts';
import type { Evidence } from '../shard/evidence.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import { AUDIT_PATIENCE_MS, Audits, type AuditTraits, type Finding } from './audits.ts';
import type { AuditTask, Recomputation } from './recomputation.ts';

const BASE = noiseVector(1, 1000);
const UPDATE = noiseVector(2, 1000);
const RANGES = cutKeyRanges(1000, 2);

type Call = AuditTask & {
  finish: (relative: number, milliseconds?: number) => Promise<void>;
  fail: () => Promise<void>;
};

const standing = (state: TrustState, isProved = false, isHere = true) => ({ state, isProved, isHere });
const NEW: AuditTraits = { auditRate: 1, standing: standing('new'), joins: true, waits: false };
const WAITS: AuditTraits = { auditRate: 1, standing: standing('new'), joins: true, waits: true };
const DOUBTED: AuditTraits = { auditRate: 1, standing: standing('suspected'), joins: true, waits: true };
const SELDOM: AuditTraits = { auditRate: 0.05, standing: standing('trusted'), joins: true, waits: false };

/** Audits whose recomputations end when the test says so; evidence is there for every lease that is not in `lost`. */
function audits({
  traits = {},
  share = 0.05,
  seed = 1,
}: { traits?: Record<string, AuditTraits>; share?: number; seed?: number } = {}) {
  const clock = new VirtualClock();
  const kept = new Set<number>();
  const lost = new Set<number>();
  const calls: Call[] = [];
  const findings: Finding[] = [];
  const unheard: number[] = [];
  const failures: string[] = [];
  const released: [lease: number, verdict: AuditVerdict | null][] = [];
  const shards = RANGES.map((range) => ({
    keepEvidence: (lease: number) => void kept.add(lease),
    dropEvidence: (lease: number) => void kept.delete(lease),
    evidence: (lease: number): Promise<Evidence | null> =>
      Promise.resolve(
        kept.has(lease) && !(lost.has(lease) && range.offset > 0)
          ? { base: sliceOf(BASE, range), update: sliceOf(UPDATE, range) }
          : null,
      ),
  })) as unknown as ShardPort[];
  const scheduler = new Audits(
    {
      share,
      seed,
      arithmetic: 'fastest',
      codec: 'float32',
      recompute: (task) =>
        new Promise<Recomputation>((resolve, reject) =>
          calls.push({
            ...task,
            finish: (relative, milliseconds = 10) => {
              resolve({
                relative,
                cosine: 1 - relative / 4,
                spread: 0,
                isRounding: false,
                norm: 1,
                milliseconds,
              });
              return settled();
            },
            fail: () => {
              reject(new Error('no engine'));
              return settled();
            },
          }),
        ),
    },
    {
      clock,
      shards,
      ranges: RANGES,
      traitsOf: (device) => traits[device] ?? NEW,
      found: (finding) => findings.push(finding),
      unheard: (lease) => unheard.push(lease),
      failed: (error) => failures.push(String(error)),
    },
  );
  const leaseOf = (lease: number, device = 'a', samples = 32) => ({
    lease,
    device,
    baseVersion: 0,
    unit: {
      dataShard: { index: 0, path: '', samples: 100 },
      seed: lease,
      start: 0,
      batch: samples,
      local: null,
    },
  });
  const grant = (lease: number, device?: string, samples?: number) =>
    scheduler.granted(leaseOf(lease, device, samples), 'wasm');
  const complete = async (lease: number, device?: string, samples?: number) => {
    const waits = scheduler.completed(leaseOf(lease, device, samples), (verdict) =>
      released.push([lease, verdict]),
    );
    await settled();
    return waits;
  };
  /** The recomputation that is under way. */
  const current = (): Call => {
    const call = calls.at(-1);
    if (call === undefined) throw new Error('nothing is computed');
    return call;
  };
  const told = { kept, calls, findings, unheard, failures, released };
  return { clock, lost, scheduler, grant, complete, current, ...told };
}

describe('audits', () => {
  it('[AT6] have the whole base and update of a unit computed again, and say what came of it', async () => {
    const { grant, complete, current, findings, kept, scheduler } = audits();
    grant(1);
    expect([...kept]).toEqual([1]);
    expect(await complete(1)).toBe(false);
    expect(current()).toMatchObject({
      base: BASE,
      update: UPDATE,
      arithmetics: ['fastest'],
      unit: { seed: 1 },
    });
    await current().finish(1e-6);
    expect(findings).toEqual([
      {
        lease: 1,
        device: 'a',
        relative: 1e-6,
        cosine: 1 - 1e-6 / 4,
        spread: 0,
        isRounding: false,
        norm: 1,
        verdict: 'right',
      },
    ]);
    expect([...kept]).toEqual([]);
    expect(scheduler.figures).toEqual({ right: 1, wrong: 0, unclear: 0, spentMs: 10, share: 0 });
  });

  it('[AT6] are drawn at the grant, as often as the device’s trust asks for, and by a secret seed', async () => {
    const drawnBy = async (seed: number) => {
      const { grant, complete, calls, current, findings } = audits({ traits: { a: SELDOM }, seed });
      for (let lease = 1; lease <= 2000; lease++) {
        grant(lease);
        const { length } = calls;
        await complete(lease);
        if (calls.length > length) await current().finish(0, 0);
      }
      return findings.map(({ lease }) => lease);
    };
    const drawn = await drawnBy(7);
    const other = await drawnBy(8);
    expect(await drawnBy(7)).toEqual(drawn);
    expect(other).not.toEqual(drawn);
    for (const { length } of [drawn, other]) {
      expect(length).toBeGreaterThan(70);
      expect(length).toBeLessThan(130);
    }
  });

  it('[AT6] are none of a lease that came to nothing, and keep nothing for it', async () => {
    const { grant, kept, calls, complete, scheduler } = audits();
    grant(1);
    scheduler.ended(1);
    expect([...kept]).toEqual([]);
    await complete(1);
    expect(calls).toEqual([]);
  });

  it('[AT6] go on after the lease was decided', async () => {
    const { grant, complete, current, findings, scheduler } = audits();
    grant(1);
    await complete(1);
    scheduler.ended(1);
    await current().finish(2);
    await current().finish(2);
    expect(findings).toMatchObject([{ lease: 1, verdict: 'wrong' }]);
  });

  it('[AT10] take the other arithmetic as well before an update is not right, and the nearer counts', async () => {
    const { grant, complete, calls, current, findings } = audits();
    const judged = async (lease: number, ...distances: number[]) => {
      grant(lease);
      await complete(lease);
      const used: (readonly Arithmetic[])[] = [];
      for (const distance of distances) {
        used.push(current().arithmetics);
        await current().finish(distance);
      }
      return [findings.at(-1)?.verdict, findings.at(-1)?.relative, used];
    };
    const once = [['fastest']];
    const again = [['fastest'], ['fastest', 'strict']];
    expect(await judged(1, 0.001)).toEqual(['right', 0.001, once]);
    expect(await judged(2, 2, 0)).toEqual(['right', 0, again]);
    expect(await judged(3, 0.2, 0.15)).toEqual(['unclear', 0.15, again]);
    expect(await judged(4, 1, 0.2)).toEqual(['unclear', 0.2, again]);
    expect(await judged(5, 2, 1.9)).toEqual(['wrong', 1.9, again]);
    expect(calls).toHaveLength(9);
  });

  it('[AT8] wait while their share of the processor is used up, and go on by themselves', async () => {
    const { clock, grant, complete, calls, current } = audits({ share: 0.05 });
    for (const lease of [1, 2, 3]) {
      grant(lease);
      await complete(lease);
    }
    await current().finish(0, 4999);
    await current().finish(0, 101);
    expect(calls).toHaveLength(2);
    clock.advance(100 / 0.05);
    expect(calls).toHaveLength(2);
    clock.advance(1 / 0.05);
    await settled();
    expect(calls).toHaveLength(3);
  });

  it('[AT9] an update that waits is let go by what its audit found, once', async () => {
    const { grant, complete, current, released, clock } = audits({ traits: { a: WAITS } });
    for (const [lease, distances] of [
      [1, [0]],
      [2, [2, 2]],
      [3, [0.2, 0.2]],
    ] as const) {
      grant(lease);
      expect(await complete(lease)).toBe(true);
      expect(released).toHaveLength(lease - 1);
      for (const distance of distances) await current().finish(distance);
    }
    clock.advance(10 * AUDIT_PATIENCE_MS);
    expect(released).toEqual([
      [1, 'right'],
      [2, 'wrong'],
      [3, 'unclear'],
    ]);
  });

  it('[AT9] no update waits longer than five seconds, whatever becomes of its audit', async () => {
    const { grant, complete, released, clock, current, findings, kept } = audits({ traits: { a: WAITS } });
    grant(1);
    grant(2);
    await complete(1);
    await complete(2);
    clock.advance(AUDIT_PATIENCE_MS - 1);
    expect(released).toEqual([]);
    clock.advance(1);
    expect(released).toEqual([
      [1, null],
      [2, null],
    ]);
    // The first was under way: what is found of its device still counts. The other is not begun.
    expect([...kept]).toEqual([1]);
    await current().finish(2);
    await current().finish(2);
    expect(findings).toMatchObject([{ lease: 1, verdict: 'wrong' }]);
    expect([...kept]).toEqual([]);
    expect(released).toHaveLength(2);
  });

  it('[AT9] an update without evidence is let go at once, unaudited, and nobody is accused', async () => {
    const { grant, complete, released, clock, lost, findings, failures } = audits({ traits: { a: WAITS } });
    expect(await complete(1)).toBe(true);
    clock.advance(0);
    lost.add(2);
    grant(2);
    await complete(2);
    expect(released).toEqual([
      [1, null],
      [2, null],
    ]);
    expect([findings, failures]).toEqual([[], []]);
  });

  it('[AT9] an update whose lease the coordinator ends no longer waits', async () => {
    const { grant, complete, released, clock, scheduler, current } = audits({ traits: { a: WAITS } });
    grant(1);
    await complete(1);
    scheduler.ended(1);
    await current().finish(0);
    clock.advance(2 * AUDIT_PATIENCE_MS);
    expect(released).toEqual([]);
  });

  it('[AT7] devices that are new, trusted and suspected take turns, and of one state what waits comes first', async () => {
    const TRUSTED = { ...SELDOM, auditRate: 1 };
    const traits = { waits: WAITS, doubted: DOUBTED, trusted: TRUSTED };
    const { grant, complete, current } = audits({ traits });
    const devices = ['a', 'b', 'c', 'trusted', 'doubted', 'waits', 'trusted', 'doubted', 'd', 'e'];
    for (const [index, device] of devices.entries()) grant(index, device);
    for (const [index, device] of devices.entries()) await complete(index, device);
    const order: (string | undefined)[] = [];
    for (let audit = 0; audit < devices.length; audit++) {
      order.push(devices[current().unit.seed]);
      await current().finish(0);
    }
    expect(order).toEqual([
      ...['a', 'doubted', 'trusted', 'waits', 'doubted', 'trusted', 'b', 'c', 'd', 'e'],
    ]);
  });

  it('[AT7] new devices of which nothing is known keep nobody waiting who did right work, nor do those that are gone', async () => {
    const traits = {
      proved: { ...NEW, standing: standing('new', true) },
      gone: { ...NEW, standing: standing('new', false, false) },
    };
    const { grant, complete, current } = audits({ traits });
    const devices = ['a', 'b', 'c', 'proved', 'gone', 'gone', 'proved'];
    for (const [index, device] of devices.entries()) grant(index, device);
    for (const [index, device] of devices.entries()) await complete(index, device);
    const order: (string | undefined)[] = [];
    for (let audit = 0; audit < 6; audit++) {
      order.push(devices[current().unit.seed]);
      await current().finish(0);
    }
    expect(order).toEqual(['a', 'proved', 'gone', 'b', 'proved', 'gone']);
  });

  it('[AT14] nothing more of a barred device is audited, and what was complete of it is told', async () => {
    const traits: Record<string, AuditTraits> = { liar: DOUBTED };
    const { grant, complete, current, unheard, kept } = audits({ traits });
    for (const [lease, device] of ['liar', 'liar', 'liar', 'other'].entries()) grant(lease, device);
    for (const [lease, device] of ['liar', 'liar', 'other'].entries())
      await complete(lease === 2 ? 3 : lease, device);
    traits['liar'] = { auditRate: 0, standing: standing('barred'), joins: false, waits: true };
    await current().finish(2);
    await current().finish(2);
    expect(unheard).toEqual([1]);
    // The third has no update yet, and ends with its device.
    expect([...kept]).toEqual([2, 3]);
    expect(current().unit.seed).toBe(3);
  });

  it('[AT7] are not drawn of units that take the server more than ten seconds, which never count where they would wait', async () => {
    const { clock, grant, complete, current, kept, released } = audits({ traits: { a: WAITS }, share: 1 });
    for (const lease of [1, 2]) {
      grant(lease);
      await complete(lease);
      await current().finish(0, 32);
    }
    grant(3, 'a', 10_001);
    expect([...kept]).toEqual([]);
    expect(await complete(3, 'a', 10_001)).toBe(true);
    clock.advance(0);
    expect(released.at(-1)).toEqual([3, null]);
    grant(4, 'a', 9999);
    expect([...kept]).toEqual([4]);
  });

  it('[AT4] a unit that cannot be computed is told of, and the next is audited', async () => {
    const { grant, complete, current, released, failures, findings } = audits({ traits: { a: WAITS } });
    grant(1);
    await complete(1);
    await current().fail();
    expect([failures, released]).toEqual([['Error: no engine'], [[1, null]]]);
    grant(2);
    await complete(2);
    await current().finish(0);
    expect(findings).toMatchObject([{ lease: 2, verdict: 'right' }]);
  });

  it('[AT4] end with the run, and say nothing more', async () => {
    const { grant, complete, current, released, findings, failures, scheduler, clock, calls } = audits({
      traits: { a: WAITS },
    });
    grant(1);
    grant(2);
    await complete(1);
    await complete(2);
    scheduler.close();
    await current().fail();
    clock.advance(2 * AUDIT_PATIENCE_MS);
    expect([released, findings, failures, calls.length]).toEqual([[], [], [], 1]);
  });
});

describe('a review', () => {
  const NEVER: AuditTraits = { auditRate: 0, standing: standing('new'), joins: true, waits: false };
  const TRUSTED = { traits: { t: NEVER } };

  it('[AT13] audits what no audit was drawn for, before others', async () => {
    const { grant, complete, scheduler, current, findings } = audits(TRUSTED);
    for (const lease of [1, 2]) grant(lease);
    for (const lease of [3, 4, 5]) grant(lease, 't');
    for (const lease of [1, 3, 4]) await complete(lease, lease === 1 ? 'a' : 't');
    scheduler.review();
    await complete(2);
    await complete(5, 't');
    for (let audit = 0; audit < 4; audit++) await current().finish(0);
    expect(findings.map(({ lease }) => lease)).toEqual([1, 3, 4, 2]);
  });

  it('[AT13] does not touch what is not complete, and its evidence is dropped when its lease ends', () => {
    const { grant, scheduler, kept, calls } = audits(TRUSTED);
    grant(1, 't');
    scheduler.review();
    expect([calls, [...kept]]).toEqual([[], [1]]);
    scheduler.ended(1);
    expect([...kept]).toEqual([]);
  });

  it('[AT13] finds the evidence of an update that was applied, and drops it after the audit', async () => {
    const { grant, complete, scheduler, kept, current, findings } = audits(TRUSTED);
    grant(1, 't');
    await complete(1, 't');
    scheduler.ended(1);
    expect([...kept]).toEqual([1]);
    scheduler.review();
    await settled();
    await current().finish(2);
    await current().finish(2);
    expect(findings).toMatchObject([{ lease: 1, device: 't', verdict: 'wrong' }]);
    expect([...kept]).toEqual([]);
  });

  it('[AT13] is of the last 64 leases', () => {
    const { grant, kept } = audits(TRUSTED);
    for (let lease = 1; lease <= 70; lease++) grant(lease, 't');
    expect([...kept]).toEqual(Array.from({ length: 64 }, (_, index) => index + 7));
  });
});
