import type { RunDescription, Welcome } from '../../shared/protocol/messages.ts';
import type { Transport } from './transport.ts';
import type { BareConnection, Connection, CoordinatorEvents } from './connection.ts';
import { createHostClient } from './hostClient.ts';

/** A second transport to one shard host, next to the socket; it may come and go. */
export interface AlternateTransport {
  /** Null while it cannot be used. */
  readonly transport: Transport | null;
  /** Opens it, once; resolves when the first try has succeeded or failed. */
  open(): Promise<void>;
  close(): void;
}

/**
 * The alternate transport that a device has to a shard host, null where it has none; `wanted`: the first unit waits for its
 * first try.
 * @param socket takes what is needed to open it.
 */
export type FindAlternate = (
  offer: Welcome['dataChannels'],
  socket: Transport,
) => { alternate: AlternateTransport; wanted: boolean } | null;

const NONE: FindAlternate = () => null;

/** A shard host that the device is connected to, for all runs that it has shards of. */
interface Host {
  readonly socket: Transport;
  readonly alternate: AlternateTransport | null;
  readonly wanted: boolean;
  /** Opens the alternate transport, once. */
  begin(): Promise<void>;
}

/**
 * Connects to a server. Tensors go by the socket at once, by an alternate transport while one can be used, and by the socket again
 * when it has ended [TR2]. Where it is not asked for, an alternate transport is opened once an update was answered: what it costs
 * to fetch and to open must not keep a newcomer from training.
 */
export function connect(
  open: (events: CoordinatorEvents) => BareConnection,
  events: CoordinatorEvents,
  findAlternate: FindAlternate = NONE,
): Connection {
  let hosts = new Map<string, Host>();
  const leave = () => {
    for (const { alternate } of hosts.values()) alternate?.close();
    // Who still has one of those hosts sees that it is no longer among these.
    hosts = new Map();
  };
  const connection = open({
    ...events,
    disconnected: () => {
      leave();
      events.disconnected();
    },
  });
  const hostAt = (welcome: Welcome, { url, accessToken }: RunDescription['hosts'][number]): Host => {
    const known = hosts.get(url);
    if (known !== undefined) return known;
    const socket = connection.openHost(url, welcome.device, accessToken);
    const found = findAlternate(welcome.dataChannels, socket);
    let begun: Promise<void> | null = null;
    const host: Host = {
      socket,
      alternate: found?.alternate ?? null,
      wanted: found?.wanted ?? false,
      begin: () => (begun ??= hosts.get(url) === host ? (found?.alternate.open() ?? done) : done),
    };
    hosts.set(url, host);
    return host;
  };
  return {
    coordinator: connection.coordinator,
    async joinHosts(welcome, run) {
      const joined = run.hosts.map((each) => ({ url: each.url, host: hostAt(welcome, each) }));
      await Promise.all(joined.map(({ host }) => (host.wanted ? host.begin() : done)));
      return joined.map(({ url, host }) => {
        const places = run.shards.filter((place) => place.url === url);
        const transports = (): Transport[] => {
          if (hosts.get(url) !== host) return [];
          const better = host.alternate?.transport ?? null;
          return better === null ? [host.socket] : [better, host.socket];
        };
        const client = createHostClient(transports, places, run.incarnation);
        const push: typeof client.push = (terms, slices) =>
          client.push(terms, slices).finally(() => void host.begin());
        return { ...client, push };
      });
    },
    restart() {
      leave();
      connection.restart();
    },
    close() {
      leave();
      connection.close();
    },
  };
}

const done = Promise.resolve();
