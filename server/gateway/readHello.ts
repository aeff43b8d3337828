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

/**
 * Reads the first message of a device: its version before anything else, since another version has another form [PR2].
 * @param join what a device must show to join [AU3]; empty: nothing.
 * @returns `vouched`: it showed a credential [TS12].
 */
export function readHello(body: unknown, join: string): ReadHello {
  const version = helloVersion.safeParse(body);
  if (!version.success) return refuse('MALFORMED', 'hello without a protocol version');
  if (version.data.protocol !== PROTOCOL_VERSION) {
    return refuse('WRONG_PROTOCOL', `this server speaks protocol ${PROTOCOL_VERSION}`);
  }
  const message = hello.safeParse(body);
  if (!message.success) return refuse('MALFORMED', describeIssue(message.error.issues[0]));
  if (!sameSecret(message.data.join, join)) return refuse('REFUSED', 'the credential to join is not valid');
  return { ok: true, hello: message.data, vouched: join !== '' };
}
