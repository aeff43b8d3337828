import type { Https } from '../config/values.ts';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

const ALL = 'everything, WebGPU too';
const WITH_WARNING = `${ALL}, once the browser's warning is accepted`;
const WITH_NAME = `${ALL}, where the certificate has this name`;

/** What may stand in front of the server, and what a browser can do there at an address of each reach. */
export const TLS_KINDS = {
  // A plain http address other than localhost is no secure context.
  none: {
    scheme: 'http',
    allows: { local: ALL, network: 'everything but WebGPU, which needs --https' },
  },
  'self-signed': { scheme: 'https', allows: { local: WITH_WARNING, network: WITH_WARNING } },
  certificate: { scheme: 'https', allows: { local: WITH_NAME, network: WITH_NAME } },
} as const satisfies Record<string, { scheme: string; allows: Record<Address['reach'], string> }>;
type TlsKind = keyof typeof TLS_KINDS;

/** What the setting `--https` puts in front. */
export function tlsOf(https: Https): TlsKind {
  if (https === false) return 'none';
  return https === true ? 'self-signed' : 'certificate';
}

/** Where the server listens, and with what in front. */
export interface Listening {
  host: string;
  /** The port that it really got. */
  port: number;
  tls: TlsKind;
  /** Credential to join; empty where the server is open to all. */
  join: string;
}

/** One address to open, and what a browser can do there. */
export interface Address {
  /** The origin and path, with the credential to join in the fragment, which no server or proxy logs. */
  url: string;
  reach: 'local' | 'network';
  allows: string;
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const KEEP_IT = 'keep it to yourself';
const FOR_TRUSTED = 'for devices that you trust from the beginning';
const TOKEN_IS_KEPT = 'with the token that an earlier start printed; npm run token makes another';

const EVERYWHERE = ['0.0.0.0', '::'];
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** The addresses by which volunteers can join, the local one first. */
export function joinAddresses(listening: Listening, interfaces: Interfaces = networkInterfaces()): Address[] {
  const { host, tls, join } = listening;
  const address = (name: string, reach: Address['reach']): Address => ({
    url: `${originOf(name, listening)}/${joinFragment(join)}`,
    reach,
    allows: TLS_KINDS[tls].allows[reach],
  });
  if (LOOPBACK.includes(host)) return [address('localhost', 'local')];
  if (!EVERYWHERE.includes(host)) return [address(host, 'network')];
  return [
    address('localhost', 'local'),
    ...networkAddresses(interfaces).map((name) => address(name, 'network')),
  ];
}

/** How an address carries the credential to join; empty where the server is open to all. */
export function joinFragment(join: string): string {
  return join === '' ? '' : `#join=${encodeURIComponent(join)}`;
}

/**
 * The admin's address on this machine, or on the one host that is listened on.
 * @param token for the fragment; null where it is not known: the console asks for it.
 */
export function adminAddress(listening: Omit<Listening, 'join'>, token: string | null): string {
  const local = LOOPBACK.includes(listening.host) || EVERYWHERE.includes(listening.host);
  const origin = originOf(local ? 'localhost' : listening.host, listening);
  return token === null ? `${origin}/admin/` : `${origin}/admin/#token=${encodeURIComponent(token)}`;
}

/** All of it as lines to print. @param trusted where devices join that begin as trusted, and others elsewhere. */
export function addressLines(
  addresses: readonly Address[],
  admin: string,
  trusted: readonly Address[] = [],
): string[] {
  const width = Math.max(...addresses.map(({ url }) => url.length));
  return [
    ...addresses.map(({ url, allows }) => `join   ${url.padEnd(width)}  ${allows}`),
    ...trusted.map(({ url }) => `trust  ${url}  ${FOR_TRUSTED}`),
    `admin  ${admin}  ${admin.includes('#') ? KEEP_IT : TOKEN_IS_KEPT}`,
  ];
}

function originOf(host: string, { port, tls }: Omit<Listening, 'join'>): string {
  const { scheme } = TLS_KINDS[tls];
  return new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`).origin;
}

function networkAddresses(interfaces: Interfaces): string[] {
  return Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !isLinkLocal(address))
    .map(({ address }) => address);
}

/** What an interface gives itself when nobody gives it one: others can rarely reach it. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.');
}
