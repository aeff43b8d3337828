import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';

/* What a person who starts workers or tabs is told of a server that refuses them. */

/** A refusal that the user can fix, and how. */
const MENDS: Partial<Record<Outcome, string>> = {
  REFUSED:
    'the server did not take the credential to join; give the one of its join address, in --url behind #join= or by --join',
  WRONG_PROTOCOL: `this is Tabswarm of protocol ${PROTOCOL_VERSION}, which the server does not speak; use the version that the server has`,
};

/** Whether a refusal may be another answer later. */
export const isForAWhile = (outcome: Outcome | undefined): boolean => outcome === 'FULL';

/** Whether the person at the command line can mend it. */
export const isMendable = (outcome: Outcome | undefined): boolean =>
  outcome !== undefined && MENDS[outcome] !== undefined;

/** Why the server refuses, and what to do where something can be done; `reason` is the server's own word. */
export function describeRefusal(outcome: Outcome | undefined, reason: string | null): string {
  const mend = outcome === undefined ? undefined : MENDS[outcome];
  return mend ?? reason ?? (outcome === undefined ? 'it gave no reason' : OUTCOMES[outcome].means);
}
