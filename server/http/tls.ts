import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { domainToASCII } from 'node:url';
import { generate } from 'selfsigned';
import { errorMessage } from '../../shared/text/errorMessage.ts';

/** A certificate that cannot be served; the message names the file and what is wrong with it. */
export class CertificateError extends Error {
  override name = 'CertificateError';
}

/** Where the operator's own certificate and its private key lie, as PEM. */
export interface CertificatePaths {
  cert: string;
  key: string;
}

/** PEM text, as node:https takes it. */
export interface Certificate {
  cert: string;
  key: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of a self-signed one: as long as a demo may run, and too short to be relied on. */
const VALID_DAYS = 30;

/**
 * The certificate to serve: the one in the named PEM files [TL2], or else a self-signed one, kept in memory
 * only, for the given hosts [TL1].
 * @param hosts DNS names and IP addresses that the server is reached by.
 * @param today the date of this machine, around which a self-signed one is valid.
 * @throws {CertificateError} naming the file that is missing, unreadable or not of the other's pair.
 */
export async function certificate(
  paths: CertificatePaths | undefined,
  hosts: string[],
  today: Date,
): Promise<Certificate> {
  return paths ? readPair(paths) : selfSigned(hosts, today);
}

async function readPair(paths: CertificatePaths): Promise<Certificate> {
  const [cert, key] = await Promise.all([read(paths.cert), read(paths.key)]);
  const leaf = usable(() => new X509Certificate(cert), `${paths.cert}: not a PEM certificate`);
  const secret = usable(
    () => createPrivateKey(key),
    `${paths.key}: not a PEM private key without a passphrase`,
  );
  if (!leaf.checkPrivateKey(secret)) {
    throw new CertificateError(`${paths.key}: the private key of another certificate than ${paths.cert}`);
  }
  // What is left: the rest of the chain, and keys too weak for OpenSSL's security level.
  usable(() => createSecureContext({ cert, key }), `${paths.cert}: cannot be served`);
  return { cert, key };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const fault = code === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${String(code)})`;
    throw new CertificateError(`${path}: ${fault}`, { cause: error });
  }
}

function usable<T>(make: () => T, fault: string): T {
  try {
    return make();
  } catch (error) {
    throw new CertificateError(`${fault} (${errorMessage(error)})`, {
      cause: error,
    });
  }
}

async function selfSigned(hosts: string[], today: Date): Promise<Certificate> {
  // From yesterday on: a phone's clock may be behind.
  const from = today.getTime() - DAY_MS;
  const made = await generate([{ name: 'commonName', value: 'Tabswarm' }], {
    // P-256 takes 10 ms, RSA some hundreds.
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(from),
    notAfterDate: new Date(from + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      // iOS trusts no server certificate without it.
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...new Set(hosts)].map(alternativeName) },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** An IP address, with or without a URL's brackets and a zone, or a DNS name. */
function alternativeName(host: string): { type: 2; value: string } | { type: 7; ip: string } {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return isIP(address) ? { type: 7, ip: address } : { type: 2, value: domainToASCII(host) };
}
