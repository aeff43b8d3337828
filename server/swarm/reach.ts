import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { Manager } from 'socket.io-client';
import { isSelfSigned } from './certificate.ts';
import { socketPath } from '../../shared/protocol/basePath.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';

/**
 * Whether a server of Tabswarm is at an address: `there`; `absent`, which may be another answer later; `wrong`, which
 * the person who gave the address can mend. The reason is a clause about "it", the address.
 */
export type Reach =
  | { kind: 'there'; selfSigned: boolean }
  | { kind: 'absent'; reason: string }
  | { kind: 'wrong'; reason: string };

/** A server that has not answered by then is not there. */
const ANSWER_WITHIN_MS = 5000;
/** More of a page than this is not looked at. */
const PAGE_BYTES = 64 * 1024;
/** What every volunteer page has. */
const MARK = '<title>Tabswarm</title>';
const SHARD_MARK = 'A shard of Tabswarm';

const absent = (reason: string): Reach => ({ kind: 'absent', reason });
const wrong = (reason: string): Reach => ({ kind: 'wrong', reason });

/** Tries to reach the server at a base as devices do, and where it cannot, finds out why. */
export async function reach(base: URL): Promise<Reach> {
  const selfSigned = await isSelfSigned(base);
  const fault = await tryCoordinator(base, selfSigned);
  if (fault === null) return { kind: 'there', selfSigned };
  const found = await getPage(base, selfSigned).catch((error: unknown) => error as NodeJS.ErrnoException);
  return found instanceof Error ? unreachable(base, found) : reached(base, found, fault);
}

/** Connects as a device does that has yet to say hello; null, or what came instead. */
function tryCoordinator(base: URL, selfSigned: boolean): Promise<Error | null> {
  const manager = new Manager(base.origin, {
    path: socketPath(base),
    transports: ['websocket'],
    reconnection: false,
    timeout: ANSWER_WITHIN_MS,
    rejectUnauthorized: !selfSigned,
  });
  const socket = manager.socket(NAMESPACES.coordinator);
  return new Promise<Error | null>((resolve) => {
    // The namespace may keep silent where the connection stands.
    const late = setTimeout(() => resolve(new Error('timeout')), 2 * ANSWER_WITHIN_MS);
    const settle = (fault: Error | null) => {
      clearTimeout(late);
      resolve(fault);
    };
    socket.once('connect', () => settle(null));
    socket.once('connect_error', settle);
  }).finally(() => {
    socket.disconnect();
    manager._close();
  });
}

interface Page {
  status: number;
  location: string | undefined;
  text: string;
}

function getPage(base: URL, selfSigned: boolean): Promise<Page> {
  const get = base.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const options = { agent: false, timeout: ANSWER_WITHIN_MS, rejectUnauthorized: !selfSigned };
    const request = get(base, options, (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response;
      let text = '';
      const done = () => {
        resolve({ status, location: headers.location, text });
        request.destroy();
      };
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > PAGE_BYTES) done();
      });
      response.on('end', done).on('error', done);
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    request.on('error', reject);
  });
}

/** Nothing that speaks this protocol was there. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no machine of this name is known',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to this machine',
  ENETUNREACH: 'there is no way to this machine',
  ETIMEDOUT: `it gives no answer within ${ANSWER_WITHIN_MS / 1000} s`,
  ECONNRESET: 'it closes the connection without an answer',
};

async function unreachable(base: URL, error: NodeJS.ErrnoException): Promise<Reach> {
  const { code = '' } = error;
  if (base.protocol === 'https:' && isTlsFault(code) && (await speaksHttp(base)))
    return wrong(`it speaks http, not https; try ${withScheme(base, 'http').href}`);
  if (base.protocol === 'http:' && !(code in NETWORK && code !== 'ECONNRESET') && (await speaksTls(base)))
    return wrong(`it speaks https, not http; try ${withScheme(base, 'https').href}`);
  if (isCertificateFault(code)) {
    const hint = 'NODE_EXTRA_CA_CERTS names a file of authorities to trust besides';
    return wrong(`its certificate is not one to trust: ${errorMessage(error)} (${hint})`);
  }
  return absent(NETWORK[code] ?? `it cannot be reached: ${errorMessage(error)}`);
}

/** Something answered by HTTP, but devices cannot connect. */
async function reached(base: URL, { status, location, text }: Page, fault: Error): Promise<Reach> {
  if (text.includes(SHARD_MARK)) return wrong('it is a shard of Tabswarm; give the address of the server');
  if (status >= 500) {
    const behind = [502, 503, 504].includes(status) ? ': a proxy that does not reach the server' : '';
    return absent(`it answers ${status}${behind}`);
  }
  if (base.protocol === 'http:' && status === 400 && (await speaksTls(base)))
    return wrong(`it speaks https, not http; try ${withScheme(base, 'https').href}`);
  if (status >= 300 && status < 400 && location !== undefined && URL.canParse(location, base.href))
    return wrong(`it sends on to ${new URL(location, base.href).href}; give that address`);
  if (status !== 200) return wrong(`it answers ${status}, so that no server of Tabswarm is there`);
  if (!text.includes(MARK)) return wrong('another program answers there, no server of Tabswarm');
  if (fault.message === 'Invalid namespace') return absent('it is there, but has no run yet');
  if (fault.message === 'timeout')
    return absent(`its sockets give no answer within ${ANSWER_WITHIN_MS / 1000} s`);
  return wrong(`its pages come, but no WebSocket: a proxy has to pass ${socketPath(base)} with upgrades`);
}

const isTlsFault = (code: string) => code === 'EPROTO' || code.startsWith('ERR_SSL');

/** What Node's certificate checks end with; https://nodejs.org/api/tls.html#x509-certificate-error-codes. */
const isCertificateFault = (code: string) =>
  /CERT|SELF_SIGNED|UNABLE_TO_|CRL_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH/.test(code);

function speaksHttp(base: URL): Promise<boolean> {
  return getPage(withScheme(base, 'http'), false).then(
    () => true,
    () => false,
  );
}

function speaksTls({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connectTls({ host, port: Number(port || 80), rejectUnauthorized: false }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
    socket.on('error', () => resolve(false)).on('close', () => resolve(false));
  });
}

/** The same address by another scheme; a port that was not given is not given. */
function withScheme(base: URL, scheme: 'http' | 'https'): URL {
  const other = new URL(base);
  other.protocol = scheme;
  return other;
}
