import type { Refusal } from '../../shared/protocol/messages.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';

/** After these the same connection would only be refused again. */
export const FINAL: ReadonlySet<Outcome> = new Set([
  'WRONG_PROTOCOL',
  'REFUSED',
  'FULL',
  'BARRED',
  'REPLACED',
  'TOO_MANY_FAULTS',
]);

/** The server refused this device. */
export class ServerRefusal extends Error {
  override name = 'ServerRefusal';
  readonly outcome: Outcome;

  constructor({ outcome, reason }: Refusal) {
    super(reason ?? OUTCOMES[outcome].means);
    this.outcome = outcome;
  }
}
