import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import {
  MAX_CAUSE,
  type AuditVerdict,
  type TrustCause,
  type TrustRecord,
  type TrustState,
} from '../../../shared/protocol/trust.ts';

interface TrustTraits {
  /** It may join and have work. */
  joins: boolean;
  /** The share of its units that is to be audited, 0 to 1. */
  auditRate: number;
  /** Whether its updates count only once an audit found them right: where each is a commit alone, and where several are one together. */
  waits: { alone: boolean; together: boolean };
  /** It shares bounded parts of samples and of weight with all others that are bounded. */
  bounded: boolean;
  /** The multiple of the usual norm that its updates are scaled down to, where the operator does not vouch for it [NB4]. */
  clipsAt: number;
  /** Right audits make it trusted. */
  earnsTrust: boolean;
  /** Too many bad updates make it suspected. */
  suspectable: boolean;
  /** There is something to pardon. */
  inDoubt: boolean;
}

/**
 * The part of a trusted device's units that is audited: recomputing them costs a twentieth of its work, and one that begins
 * to lie is met after twenty units in the mean.
 */
const TRUSTED_AUDIT_RATE = 0.05;

/**
 * Of the usual norm. Honest updates of local steps had up to 4.5 times the median norm of those before, gradients of eight
 * images up to 14 times: what a device that the operator vouches for computes is as good as never scaled down, and the
 * others pay for a rare one. Trust that was earned does not suffice: in `async` one update is a commit.
 */
const CLIPS_VOUCHED_AT = 30;
const CLIPS_EARNED_AT = 5;
const CLIPS_STRANGERS_AT = 2;

/** What the server does with a device, by how far it is trusted [TS1]. */
export const TRUST = {
  new: {
    joins: true,
    auditRate: 1,
    waits: { alone: true, together: false },
    bounded: true,
    clipsAt: CLIPS_STRANGERS_AT,
    earnsTrust: true,
    suspectable: true,
    inDoubt: false,
  },
  trusted: {
    joins: true,
    auditRate: TRUSTED_AUDIT_RATE,
    waits: { alone: false, together: false },
    bounded: false,
    clipsAt: CLIPS_EARNED_AT,
    earnsTrust: false,
    suspectable: true,
    inDoubt: false,
  },
  suspected: {
    joins: true,
    auditRate: 1,
    waits: { alone: true, together: true },
    bounded: true,
    clipsAt: CLIPS_STRANGERS_AT,
    earnsTrust: true,
    suspectable: false,
    inDoubt: true,
  },
  barred: {
    joins: false,
    auditRate: 0,
    waits: { alone: true, together: true },
    bounded: true,
    clipsAt: CLIPS_STRANGERS_AT,
    earnsTrust: false,
    suspectable: false,
    inDoubt: true,
  },
} as const satisfies Record<TrustState, TrustTraits>;

/**
 * Right audits in a row that make a new device trusted. One that lies in a unit of five is met before that nine times of
 * ten (1 - 0.8^10), and each identity that a liar throws away has cost it ten units of honest work.
 */
export const AUDITS_TO_TRUST = 10;
/** How many times as many it takes after each wrong audit: who lies, is cleared and lies again gains less each time. */
const HARDER_AFTER_WRONG = 10;
/** The first may be an accident of arithmetic; a second that is not far from it is none. */
const WRONG_TO_BAR = 2;
/**
 * Of audits that decide nothing, more than there were right ones. Of honest updates of 1,000 local steps less than a third decide
 * nothing, so that this many more rarely come together; a device that always sends such updates is met after twelve.
 */
export const DOUBT_TO_SUSPECT = 12;
/** As many as set a device aside on one connection [LS6]. */
export const FAULTS_TO_SUSPECT = 5;

/** Of what a device can be at fault for, what no honest engine sends; the rest is slowness, or giving up. */
const BAD_UPDATES: ReadonlySet<Outcome> = new Set(['WRONG_SHAPE', 'NOT_FINITE', 'NORM_EXCEEDED']);

/** Of a device that was never seen. @param vouched it showed the join credential [TS12]. */
export function firstTrust(vouched: boolean): TrustRecord {
  return {
    state: vouched ? 'trusted' : 'new',
    vouched,
    audits: { right: 0, wrong: 0, unclear: 0 },
    rightInRow: 0,
    wrongSinceTrusted: 0,
    faults: 0,
    doubt: 0,
    cause: null,
  };
}

/** It showed the join credential: a new device is trusted; what audits found stays [TS12]. */
export function vouchedFor(record: TrustRecord): TrustRecord {
  return { ...record, vouched: true, state: WHEN_VOUCHED_FOR[record.state] };
}

const WHEN_VOUCHED_FOR: Readonly<Record<TrustState, TrustState>> = {
  new: 'trusted',
  trusted: 'trusted',
  suspected: 'suspected',
  barred: 'barred',
};

/**
 * One of its units was recomputed.
 * @param why what the audit found, as a clause; of a wrong one it is what operators are told.
 */
export function audited(record: TrustRecord, verdict: AuditVerdict, why: string): TrustRecord {
  if (!TRUST[record.state].joins) return record;
  const audits = { ...record.audits, [verdict]: record.audits[verdict] + 1 };
  return AFTER[verdict]({ ...record, audits }, why);
}

const AFTER: Readonly<Record<AuditVerdict, (record: TrustRecord, why: string) => TrustRecord>> = {
  right: (record) => {
    const rightInRow = record.rightInRow + 1;
    const better = {
      ...record,
      rightInRow,
      faults: Math.max(0, record.faults - 1),
      doubt: Math.max(0, record.doubt - 1),
    };
    const isProved = rightInRow >= auditsToTrust(record) && better.faults === 0 && better.doubt === 0;
    if (!isProved || !TRUST[record.state].earnsTrust) return better;
    const why = `${rightInRow} audits in a row found its work right`;
    return { ...better, wrongSinceTrusted: 0, state: 'trusted', cause: { by: 'server', why } };
  },
  wrong: (record, why) => {
    const wrongSinceTrusted = record.wrongSinceTrusted + 1;
    const state = wrongSinceTrusted >= WRONG_TO_BAR ? 'barred' : 'suspected';
    return { ...record, rightInRow: 0, wrongSinceTrusted, state, cause: causeOf('server', why) };
  },
  unclear: (record, why) => {
    const doubt = Math.min(DOUBT_TO_SUSPECT, record.doubt + 1);
    if (doubt < DOUBT_TO_SUSPECT || !TRUST[record.state].suspectable) return { ...record, doubt };
    const cause = causeOf(
      'server',
      `${doubt} more of its audits could decide nothing than found it right; ${why}`,
    );
    return { ...record, doubt, rightInRow: 0, state: 'suspected', cause };
  },
};

/** The share of the units of a device that is to be audited, 0 to 1: all while something is in doubt [TS5]. */
export function auditRateOf({ state, doubt }: TrustRecord): number {
  const { joins, auditRate } = TRUST[state];
  return joins && doubt > 0 ? 1 : auditRate;
}

/** Right audits in a row that make this device trusted [TS2] [TS4]. */
export function auditsToTrust({ audits: { wrong } }: TrustRecord): number {
  return AUDITS_TO_TRUST * HARDER_AFTER_WRONG ** wrong;
}

/**
 * Updates of a device that count in one commit at most: all of one that the operator vouches for, one of one that is not
 * trusted. Trust that was earned is worth one when it begins, and one more each time that the right audits in a row have
 * doubled, so that nobody lies with many workers for little honest work [TS20].
 */
export function voicesOf(record: TrustRecord): number {
  const { state, rightInRow } = record;
  if (TRUST[state].bounded) return 1;
  if (isVouchedFor(record)) return Infinity;
  return 1 + Math.floor(Math.log2(Math.max(1, rightInRow / AUDITS_TO_TRUST)));
}

/** The multiple of the usual norm that updates of a device are scaled down to [NB4]. */
export function clipsAt(record: TrustRecord): number {
  return isVouchedFor(record) ? CLIPS_VOUCHED_AT : TRUST[record.state].clipsAt;
}

/** The operator vouches for it, and nothing was found against that. */
export function isVouchedFor({ state, vouched }: TrustRecord): boolean {
  return vouched && !TRUST[state].bounded;
}

/** A lease of it ended with this outcome, and it is at fault. */
export function faulted(record: TrustRecord, outcome: Outcome): TrustRecord {
  if (!TRUST[record.state].joins || !BAD_UPDATES.has(outcome)) return record;
  const faults = record.faults + 1;
  if (faults < FAULTS_TO_SUSPECT || !TRUST[record.state].suspectable) return { ...record, faults };
  const why = `${faults} of its updates could not be part of a model, the last for ${outcome}`;
  return { ...record, faults, state: 'suspected', cause: { by: 'server', why } };
}

/** It may work no more. */
export function barredBy(record: TrustRecord, by: TrustCause['by'], why: string): TrustRecord {
  return TRUST[record.state].joins ? { ...record, state: 'barred', cause: causeOf(by, why) } : record;
}

/** It begins again, with no evidence against it [TS9]; one that is not in doubt stays as it is. */
export function pardonedBy(record: TrustRecord, by: TrustCause['by'], why: string): TrustRecord {
  return TRUST[record.state].inDoubt ? { ...firstTrust(record.vouched), cause: causeOf(by, why) } : record;
}

const causeOf = (by: TrustCause['by'], why: string): TrustCause => ({ by, why: why.slice(0, MAX_CAUSE) });
