import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOME_NAMES } from '../../../shared/protocol/outcomes.ts';
import { AUDIT_VERDICTS, trustRecord, type TrustRecord } from '../../../shared/protocol/trust.ts';
import {
  auditRateOf,
  audited,
  AUDITS_TO_TRUST,
  auditsToTrust,
  barredBy,
  clipsAt,
  DOUBT_TO_SUSPECT,
  faulted,
  FAULTS_TO_SUSPECT,
  firstTrust,
  pardonedBy,
  TRUST,
  vouchedFor,
  voicesOf,
} from './trust.ts';

type Act = (record: TrustRecord) => TrustRecord;

const right: Act = (record) => audited(record, 'right', 'it is what the unit gives');
const wrong: Act = (record) => audited(record, 'wrong', 'it is 1.4 times its own length off');
const unclear: Act = (record) => audited(record, 'unclear', 'it is 0.3 times its own length off');
const bad: Act = (record) => faulted(record, 'NOT_FINITE');
const late: Act = (record) => faulted(record, 'EXPIRED');
const pardon: Act = (record) => pardonedBy(record, 'admin', 'it was mended');
const bar: Act = (record) => barredBy(record, 'admin', 'it sent noise');

const times = (count: number, act: Act): Act[] => Array.from({ length: count }, () => act);
const after = (record: TrustRecord, ...acts: Act[]) => acts.reduce((so, act) => act(so), record);

/** What may happen to a device without an operator. */
const ofServer = fc.array(
  fc.oneof(
    fc.constantFrom(...AUDIT_VERDICTS).map(
      (verdict): Act =>
        (record) =>
          audited(record, verdict, 'seen'),
    ),
    fc.constantFrom(...OUTCOME_NAMES).map(
      (outcome): Act =>
        (record) =>
          faulted(record, outcome),
    ),
    fc.constant<Act>(vouchedFor),
  ),
  { maxLength: 200 },
);
const anyone = fc.boolean().map(firstTrust);

describe('trust in a device', () => {
  it('[TS20] that was earned is worth one voice, and one more each time that the right audits in a row have doubled', () => {
    const voices = (audits: number) => voicesOf(after(firstTrust(false), ...times(audits, right)));
    expect([0, 9, 10, 19, 20, 39, 40, 80].map(voices)).toEqual([1, 1, 1, 1, 2, 2, 3, 4]);
    const long = after(firstTrust(false), ...times(80, right));
    expect(voicesOf(wrong(long))).toBe(1);
    expect(voicesOf(vouchedFor(long))).toBe(Infinity);
    expect(voicesOf(wrong(vouchedFor(long)))).toBe(1);
  });

  it('[NB4] scales updates down the less the more speaks for a device', () => {
    const stranger = firstTrust(false);
    const earned = after(stranger, ...times(AUDITS_TO_TRUST, right));
    expect([stranger, earned, vouchedFor(earned)].map(clipsAt)).toEqual([2, 5, 30]);
    expect(clipsAt(wrong(vouchedFor(earned)))).toBe(2);
  });

  it('[TS2] a new one is trusted after ten audits in a row that found its work right', () => {
    const almost = after(firstTrust(false), ...times(AUDITS_TO_TRUST - 1, right));
    expect(almost.state).toBe('new');
    expect(right(almost)).toMatchObject({
      state: 'trusted',
      cause: { by: 'server', why: '10 audits in a row found its work right' },
    });
  });

  it('[TS3] one wrong audit makes it suspected, a second bars it unless trust was earned in between', () => {
    for (const begun of [firstTrust(false), firstTrust(true)]) {
      const suspected = wrong(begun);
      expect(suspected).toMatchObject({
        state: 'suspected',
        cause: { by: 'server', why: 'it is 1.4 times its own length off' },
      });
      expect(after(suspected, ...times(AUDITS_TO_TRUST, right), wrong).state).toBe('barred');
      expect(after(suspected, ...times(auditsToTrust(suspected), right), wrong).state).toBe('suspected');
    }
  });

  it('[TS4] each wrong audit makes it ten times as many right ones until it is trusted again', () => {
    let record = firstTrust(true);
    for (const needed of [100, 1000]) {
      record = after(wrong(record), ...times(needed - 1, right));
      expect(record.state).toBe('suspected');
      record = right(record);
      expect(record.state).toBe('trusted');
    }
  });

  it('[TS5] audits that decide nothing make it suspected where they are twelve more than right ones, and bar nobody', () => {
    for (const begun of [firstTrust(false), firstTrust(true)]) {
      const almost = after(begun, ...times(DOUBT_TO_SUSPECT - 1, unclear));
      expect(almost.state).toBe(begun.state);
      expect(after(almost, right, unclear).state).toBe(begun.state);
      const suspected = unclear(almost);
      expect(suspected).toMatchObject({ state: 'suspected', cause: { by: 'server' } });
      expect(after(suspected, ...times(100, unclear)).state).toBe('suspected');
    }
  });

  it('[TS5] what was in doubt has to be made up for before a device is trusted', () => {
    const suspected = after(firstTrust(true), ...times(50, right), ...times(DOUBT_TO_SUSPECT, unclear));
    expect(suspected.state).toBe('suspected');
    expect(after(suspected, ...times(DOUBT_TO_SUSPECT - 1, right)).state).toBe('suspected');
    expect(after(suspected, ...times(DOUBT_TO_SUSPECT, right))).toMatchObject({ state: 'trusted', doubt: 0 });
  });

  it('[TS5] all units of a trusted device are audited while something is in doubt, and of a barred one none', () => {
    const trusted = firstTrust(true);
    expect(auditRateOf(trusted)).toBe(TRUST.trusted.auditRate);
    expect(auditRateOf(unclear(trusted))).toBe(1);
    expect(auditRateOf(after(trusted, unclear, right))).toBe(TRUST.trusted.auditRate);
    expect(auditRateOf(after(trusted, unclear, bar))).toBe(0);
  });

  it('[TS6] five bad updates make it suspected, each right audit makes up for one, lateness for none', () => {
    const begun = firstTrust(true);
    expect(after(begun, ...times(FAULTS_TO_SUSPECT - 1, bad), ...times(50, late))).toMatchObject({
      state: 'trusted',
      faults: 4,
    });
    const suspected = after(begun, ...times(FAULTS_TO_SUSPECT, bad));
    expect(suspected).toMatchObject({
      state: 'suspected',
      cause: { by: 'server', why: '5 of its updates could not be part of a model, the last for NOT_FINITE' },
    });
    expect(after(begun, ...times(4, bad), right, bad)).toMatchObject({ state: 'trusted', faults: 4 });
    expect(after(suspected, ...times(AUDITS_TO_TRUST, right))).toMatchObject({ state: 'trusted', faults: 0 });
    expect(after(suspected, ...times(9, right), bad, bad, right).state).toBe('suspected');
  });

  it('[TS3] [TS6] no server bars it but for two wrong audits, and no right work is held against it', () => {
    fc.assert(
      fc.property(anyone, ofServer, (begun, acts) => {
        let record = begun;
        for (const act of acts) {
          const next = act(record);
          expect(trustRecord.safeParse(next).success).toBe(true);
          if (next.state === 'barred') expect(next.audits.wrong).toBeGreaterThanOrEqual(2);
          if (record.state === 'barred') expect(next).toEqual({ ...record, vouched: next.vouched });
          const better = right(next);
          expect([next.state, 'trusted']).toContain(better.state);
          expect(better.doubt).toBeLessThanOrEqual(next.doubt);
          expect(better.faults).toBeLessThanOrEqual(next.faults);
          record = next;
        }
      }),
    );
  });

  it('[TS7] an operator bars it in any state, once, and with a reason', () => {
    fc.assert(
      fc.property(anyone, ofServer, (begun, acts) => {
        const record = after(begun, ...acts);
        const barred = bar(record);
        expect(barred.state).toBe('barred');
        expect(barred.cause).toEqual(
          record.state === 'barred' ? record.cause : { by: 'admin', why: 'it sent noise' },
        );
        expect(bar(barred)).toBe(barred);
        expect(after(barred, right, wrong, bad, unclear)).toEqual(barred);
      }),
    );
  });

  it('[TS9] pardoned, it begins again; where nothing is held against it, it stays as it is', () => {
    fc.assert(
      fc.property(anyone, ofServer, fc.boolean(), (begun, acts, isBarred) => {
        const record = after(begun, ...acts, ...(isBarred ? [bar] : []));
        const cause = { by: 'admin', why: 'it was mended' };
        const expected = TRUST[record.state].inDoubt ? { ...firstTrust(record.vouched), cause } : record;
        expect(pardon(record)).toEqual(expected);
      }),
    );
  });

  it('[TS12] the join credential makes a new one trusted, and clears nothing', () => {
    expect(firstTrust(true).state).toBe('trusted');
    expect(vouchedFor(firstTrust(false)).state).toBe('trusted');
    const suspected = wrong(firstTrust(false));
    expect(vouchedFor(suspected)).toEqual({ ...suspected, vouched: true });
    expect(vouchedFor(bar(suspected)).state).toBe('barred');
  });

  it('[TS1] a reason of any length is kept as far as it can be', () => {
    const record = audited(firstTrust(false), 'wrong', 'x'.repeat(1000));
    expect(trustRecord.safeParse(record).success).toBe(true);
  });
});
