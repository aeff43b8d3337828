import { hello, helloVersion, type Hello, type Refusal } from '../../shared/protocol/messages.ts';
import { describeIssue } from '../../shared/profile/profile.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { sameSecret } from '../core/mac.ts';

export type ReadHello = { ok: true; hello: Hello; vouched: boolean } | { ok: false; refusal: Refusal };

const refuse = (outcome: Refusal['outcome'], reason: string): ReadHello => ({
  ok: false,
  refusal: { outcome, reason },
});

/** A device says hello once. */
export const SAID_ALREADY = refuse('MALFORMED', 'hello was said already');

/** What a device shows to join. */
export interface JoinRule {
  /** The credential; empty: there is none. */
  credential: string;
  /** It may be left out. */
  open: boolean;
}

/**
 * Reads the first message of a device: its version before anything else, since another version has another form [PR2].
 * A credential that is not the server's is refused also where none is needed: who has one means to show it [AU3].
 * @returns `vouched`: it showed the credential [TS12].
 */
export function readHello(body: unknown, { credential, open }: JoinRule): ReadHello {
  const version = helloVersion.safeParse(body);
  if (!version.success) return refuse('MALFORMED', 'hello without a protocol version');
  if (version.data.protocol !== PROTOCOL_VERSION) {
    return refuse('WRONG_PROTOCOL', `this server speaks protocol ${PROTOCOL_VERSION}`);
  }
  const message = hello.safeParse(body);
  if (!message.success) return refuse('MALFORMED', describeIssue(message.error.issues[0]));
  const { join } = message.data;
  if (open && join === '') return { ok: true, hello: message.data, vouched: false };
  if (!sameSecret(join, credential)) return refuse('REFUSED', 'the credential to join is not valid');
  return { ok: true, hello: message.data, vouched: credential !== '' };
}
