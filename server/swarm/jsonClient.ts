import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { below } from '../../shared/protocol/basePath.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Null where it is no JSON. */
  body: unknown;
}

/** Sends a request with a JSON body. @throws {Error} where no answer comes. */
export type Ask = (method: 'POST' | 'DELETE', path: string, cookie: string, body?: object) => Promise<Answer>;

/**
 * Asks the server at a base over HTTP.
 * @param selfSigned whether a certificate that the server signed itself is overlooked, which `fetch` cannot.
 */
export function jsonClient(base: URL, selfSigned: boolean): Ask {
  const request = base.protocol === 'https:' ? requestHttps : requestHttp;
  return (method, path, cookie, body = {}) =>
    new Promise((resolve, reject) => {
      const headers = { cookie, 'content-type': 'application/json' };
      const sent = request(
        below(base, path),
        { method, headers, rejectUnauthorized: !selfSigned },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => (text += part));
          answer.on('error', reject).on('end', () => {
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parsed(text) });
          });
        },
      );
      sent.on('error', reject).end(JSON.stringify(body));
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
