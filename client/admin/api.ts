import * as z from 'zod/mini';
import { API, type RunAction } from '../../shared/protocol/admin.ts';
import { OUTCOMES } from '../../shared/protocol/outcomes.ts';
import { reasonOf } from '../page/dom.ts';

/** `denied`: the server does not know us (401); log in. `failed`: anything else, with a sentence for a person. */
export type Answer =
  { kind: 'done' } | { kind: 'denied'; reason: string } | { kind: 'failed'; reason: string };

const refusalBody = z.object({ outcome: z.optional(z.string()), reason: z.optional(z.string()) });

function isOutcome(name: string): name is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, name);
}

/** The server's reason as a sentence: its own words where it gave some, else what its outcome means. */
export function describeRefusal(status: number, body: unknown): string {
  const parsed = refusalBody.safeParse(body);
  const { outcome, reason } = parsed.success ? parsed.data : {};
  if (reason) return reason;
  if (outcome && isOutcome(outcome)) return OUTCOMES[outcome].means;
  return `The server answered with status ${status}.`;
}

async function request(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (thrown) {
    return { kind: 'failed', reason: `The server could not be reached (${reasonOf(thrown)}).` };
  }
  if (response.ok) return { kind: 'done' };
  const body: unknown = await response.json().catch(() => null);
  const reason = describeRefusal(response.status, body);
  return { kind: response.status === 401 ? 'denied' : 'failed', reason };
}

/** Trades the token for the cookie that everything else here travels with. */
export const openSession = (token: string): Promise<Answer> =>
  request(API.session, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });

export const act = (run: string, action: RunAction): Promise<Answer> =>
  request(API.action(run, action), { method: 'POST' });

/** Whether the cookie is still good: any answer but 401 says so, that of a run the server does not have too. */
export const isDenied = async (): Promise<boolean> =>
  (await request(API.run('00000000'), { method: 'GET', cache: 'no-store' })).kind === 'denied';
