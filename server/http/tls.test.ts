import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certificate, CertificateError, type Certificate } from './tls.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Clients look at the real date. */
const TODAY = new Date();

/** What a client that trusts only `ca` is answered by a server with `served`. */
async function ask(served: Certificate, ca: string, options: RequestOptions): Promise<string> {
  const server = createServer(served, (_, response) => void response.end('hello'));
  server.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const request = get({ host: '127.0.0.1', port, ca, agent: false, ...options });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return Buffer.concat((await response.toArray()) as Buffer[]).toString();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('[TL1] a self-signed certificate', () => {
  const hosts = ['localhost', '127.0.0.1', '[::1]', 'fe80::1%eth0', 'büro.local', 'localhost'];

  test('[TL1] serves who trusts it, under each of its hosts and under no other', async () => {
    const pair = await certificate(undefined, hosts, TODAY);
    expect(await ask(pair, pair.cert, { servername: 'localhost' })).toBe('hello');
    expect(await ask(pair, pair.cert, {})).toBe('hello');
    await expect(ask(pair, pair.cert, { servername: 'other.example' })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('[TL1] serves nobody who trusts another', async () => {
    const [pair, other] = await Promise.all([
      certificate(undefined, hosts, TODAY),
      certificate(undefined, hosts, TODAY),
    ]);
    await expect(ask(pair, other.cert, { servername: 'localhost' })).rejects.toThrow(
      /self-signed|signature/i,
    );
  });

  test('[TL1] names DNS names and IP addresses as such, for 30 days, for servers alone', async () => {
    const { cert, key } = await certificate(undefined, hosts, TODAY);
    const made = new X509Certificate(cert);
    expect(made.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:0:0:0:1, DNS:xn--bro-hoa.local',
    );
    // Certificates know no milliseconds.
    const yesterday = 1000 * Math.floor((TODAY.getTime() - DAY_MS) / 1000);
    expect(Date.parse(made.validFrom)).toBe(yesterday);
    expect(Date.parse(made.validTo)).toBe(yesterday + 30 * DAY_MS);
    expect([made.ca, made.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']]);
    expect(key).toContain('BEGIN PRIVATE KEY');
  });
});

describe('[TL2] a certificate from files', () => {
  let folder: string;
  let pair: Certificate;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabswarm-tls-'));
    pair = await certificate(undefined, ['localhost'], TODAY);
  });
  afterEach(() => rm(folder, { recursive: true }));
  const load = async (cert: string, key: string) => {
    const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    await Promise.all([writeFile(paths.cert, cert), writeFile(paths.key, key)]);
    return certificate(paths, [], TODAY);
  };
  const refusal = async (loading: Promise<unknown>) => {
    const error: unknown = await loading.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CertificateError);
    return (error as CertificateError).message;
  };

  test('[TL2] is served as it is', async () => {
    const loaded = await load(pair.cert, pair.key);
    expect(loaded).toEqual(pair);
    expect(await ask(loaded, pair.cert, { servername: 'localhost' })).toBe('hello');
  });

  test('[TL2] a file that is missing, unreadable or not PEM is named', async () => {
    await load(pair.cert, pair.key);
    const [cert, key, none] = ['cert.pem', 'key.pem', 'none.pem'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    expect(await refusal(certificate({ cert: none, key }, [], TODAY))).toBe(`${none}: the file is missing`);
    expect(await refusal(certificate({ cert, key: none }, [], TODAY))).toBe(`${none}: the file is missing`);
    await mkdir(none);
    expect(await refusal(certificate({ cert: none, key }, [], TODAY))).toBe(
      `${none}: the file cannot be read (EISDIR)`,
    );
    expect(await refusal(load('nonsense', pair.key))).toContain(`${cert}: not a PEM certificate`);
    expect(await refusal(load(pair.cert, 'nonsense'))).toContain(`${key}: not a PEM private key`);
    expect(await refusal(load(pair.key, pair.cert))).toContain('cert.pem: not a PEM certificate');
  });

  test('[TL2] a key of another certificate is named with both files', async () => {
    const other = await certificate(undefined, ['localhost'], TODAY);
    expect(await refusal(load(pair.cert, other.key))).toBe(
      `${join(folder, 'key.pem')}: the private key of another certificate than ${join(folder, 'cert.pem')}`,
    );
  });

  test('[TL2] a chain with a broken second certificate is refused', async () => {
    const broken = `${pair.cert}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
    expect(await refusal(load(broken, pair.key))).toContain('cert.pem: cannot be served');
  });
});
