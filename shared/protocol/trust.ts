import * as z from 'zod/mini';

/* How far a server trusts a device: what operators are shown of it, and what the store keeps. */

interface TrustWords {
  /** In a table. */
  label: string;
  /** For operators. */
  means: string;
}

export const TRUST_STATES = {
  new: {
    label: 'new',
    means: 'Its work is checked until enough of it was right; it has a bounded share of the training.',
  },
  trusted: {
    label: 'trusted',
    means: 'It showed the join credential, or checks found its work right; it is checked now and then.',
  },
  suspected: {
    label: 'suspected',
    means: 'A check found its work wrong, or too many of its updates were bad; all that it sends is checked.',
  },
  barred: {
    label: 'barred',
    means: 'It has no work and may not join: checks found its work wrong twice, or an operator barred it.',
  },
} as const satisfies Record<string, TrustWords>;
export type TrustState = keyof typeof TRUST_STATES;
export const TRUST_STATE_NAMES = Object.keys(TRUST_STATES) as [TrustState, ...TrustState[]];

/** What an audit found: the update is what the unit gives, it is not, or neither can be said. */
export const AUDIT_VERDICTS = ['right', 'wrong', 'unclear'] as const;
export type AuditVerdict = (typeof AUDIT_VERDICTS)[number];

const count = z.int().check(z.minimum(0));

/** Characters of a reason that are kept. */
export const MAX_CAUSE = 300;

export const trustCause = z.strictObject({
  by: z.enum(['admin', 'server']),
  /** A clause, for people: “two audits found its work wrong”. */
  why: z.string().check(z.maxLength(MAX_CAUSE)),
});
/** Who brought about a state, and why. */
export type TrustCause = z.infer<typeof trustCause>;

export const trustRecord = z.strictObject({
  state: z.enum(TRUST_STATE_NAMES),
  /** It showed the join credential, where the server has one. */
  vouched: z.boolean(),
  /** What audits of its work found, each verdict so often. */
  audits: z.strictObject({ right: count, wrong: count, unclear: count }),
  /** Right audits since the last wrong one. */
  rightInRow: count,
  /** Wrong audits since it was trusted last. */
  wrongSinceTrusted: count,
  /** Bad updates that no right audit has made up for. */
  faults: count,
  /** Audits that decided nothing and that no right one has made up for. */
  doubt: z._default(count, 0),
  /** Of its present state; null where that is the one that it began with. */
  cause: z.nullable(trustCause),
});
/** How far a device is trusted, and the evidence. */
export type TrustRecord = z.infer<typeof trustRecord>;
