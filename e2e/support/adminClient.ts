import { API } from '../../shared/protocol/admin.ts';
import type { TestServer } from './testServer.ts';

/** The token that the server printed. */
export const tokenOf = ({ adminUrl }: TestServer): string =>
  decodeURIComponent(adminUrl.split('#token=')[1] ?? '');

/** Posts JSON, or a text as it is. */
export const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** The cookie that the printed token is traded for. */
export async function signIn(at: TestServer): Promise<{ cookie: string; attributes: string }> {
  const answer = await post(`${at.url}${API.session}`, { token: tokenOf(at) });
  const attributes = answer.headers.get('set-cookie') ?? '';
  return { cookie: attributes.split(';')[0] ?? '', attributes };
}
