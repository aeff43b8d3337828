import type * as z from 'zod/mini';
import { describeIssue } from '../../shared/profile/profile.ts';

/**
 * Reads what a server sent.
 * @param what names it, for instance `a lease`.
 * @throws {Error} that says what was wrong with which field.
 */
export function readMessage<Message>(what: string, schema: z.ZodMiniType<Message>, body: unknown): Message {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw new Error(`the server sent ${what} that cannot be read: ${describeIssue(read.error.issues[0])}`);
}
