import { adminSnapshot, API, type AdminSnapshot, type SessionRequest } from '../../shared/protocol/admin.ts';
import { below } from '../../shared/protocol/basePath.ts';
import { eventPage, type EventPage, type EventType } from '../../shared/protocol/events.ts';
import { httpErrorBody } from '../../shared/protocol/httpErrors.ts';
import type { DeviceAction } from '../../shared/protocol/deviceActions.ts';
import type { RunAction } from '../../shared/protocol/runActions.ts';
import { serverBase } from './base.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

/** `denied`: the server does not know us; log in. `failed`: anything else, with a sentence for a person. */
export type ApiAnswer =
  { kind: 'done'; body: unknown } | { kind: 'denied'; reason: string } | { kind: 'failed'; reason: string };

/** What an answer that is not a success means: the server's own words, else the status. */
export function apiFailure(status: number, body: unknown): Exclude<ApiAnswer, { kind: 'done' }> {
  const parsed = httpErrorBody.safeParse(body);
  if (!parsed.success) return { kind: 'failed', reason: `The server answered with status ${status}.` };
  const { error, message: reason } = parsed.data;
  return { kind: error === 'UNAUTHORIZED' ? 'denied' : 'failed', reason };
}

async function request(path: string, init: RequestInit, query = ''): Promise<ApiAnswer> {
  const url = below(serverBase(), path);
  url.search = query;
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init });
  } catch (thrown) {
    return { kind: 'failed', reason: `The server could not be reached (${errorMessage(thrown)}).` };
  }
  const body: unknown = await response.json().catch(() => null);
  return response.ok ? { kind: 'done', body } : apiFailure(response.status, body);
}

/** Trades the token for the cookie that everything else here travels with. */
export const openSession = (token: string): Promise<ApiAnswer> =>
  request(API.session, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, path: new URL(serverBase()).pathname } satisfies SessionRequest),
  });

export const act = (run: string, action: RunAction, body?: object): Promise<ApiAnswer> =>
  request(API.action(run, action), {
    method: 'POST',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

export const postDeviceAction = (run: string, device: string, action: DeviceAction): Promise<ApiAnswer> =>
  request(API.deviceAction(run, device, action), { method: 'POST' });

/** The versions that a run can be rolled back to. */
export const keptVersionsOf = (run: string): Promise<ApiAnswer> =>
  request(API.checkpoints(run), { method: 'GET', cache: 'no-store' });

/** The run as it is after an action; null where this page cannot read it, and has to wait for the next snapshot. */
export function snapshotOf(answer: Extract<ApiAnswer, { kind: 'done' }>): AdminSnapshot | null {
  const parsed = adminSnapshot.safeParse(answer.body);
  return parsed.success ? parsed.data : null;
}

/** Events after a place, or the newest, of these types or of all; else why there are none. */
export async function fetchEvents(
  run: string,
  { after, types }: { after: number | null; types: readonly EventType[] | undefined },
): Promise<{ page: EventPage } | { reason: string }> {
  const query = new URLSearchParams({
    ...(after !== null && { after: String(after) }),
    ...(types !== undefined && { types: types.join(',') }),
  });
  const init = { method: 'GET', cache: 'no-store' } as const;
  const answer = await request(API.events(run), init, query.toString());
  if (answer.kind !== 'done') return { reason: answer.reason };
  const parsed = eventPage.safeParse(answer.body);
  return parsed.success
    ? { page: parsed.data }
    : { reason: 'The server sent events that this page cannot read.' };
}

/** Whether the cookie is still good: any answer but that of a denial says so, that of a run the server does not have too. */
export const isDenied = async (): Promise<boolean> =>
  (await request(API.run('000000000000'), { method: 'GET', cache: 'no-store' })).kind === 'denied';
