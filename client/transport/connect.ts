import type { RunDescription, Welcome } from '../../shared/protocol/messages.ts';
import type { Transport } from './transport.ts';
import type { BareConnection, Connection, CoordinatorEvents } from './connection.ts';
import { createShardClient } from './shardClient.ts';

/** A second transport to the shards of one process, next to the socket; it may come and go. */
export interface AlternateTransport {
  /** Of the process, as the shard map has it. */
  readonly url: string;
  /** Null while it cannot be used. */
  readonly transport: Transport | null;
  /** Opens it, once; resolves when the first try has succeeded or failed. */
  open(): Promise<void>;
  close(): void;
}

/** What alternate transports a device has to the shards of a run; `wanted`: the first unit waits for their first try. */
export type FindAlternates = (
  offer: Welcome['dataChannels'],
  shards: RunDescription['shards'],
  socket: Transport,
) => { alternates: AlternateTransport[]; wanted: boolean };

const NONE: FindAlternates = () => ({ alternates: [], wanted: false });

/**
 * Connects to a server. Tensors go by the socket at once, by an alternate transport while one can be used, and by the socket again
 * when it has ended [TR2]. Where it is not asked for, an alternate transport is opened once an update was answered: what it costs
 * to fetch and to open must not keep a newcomer from training.
 */
export function connect(
  open: (events: CoordinatorEvents) => BareConnection,
  events: CoordinatorEvents,
  findSideways: FindAlternates = NONE,
): Connection {
  let alternates: AlternateTransport[] = [];
  /** Counts the connections to shards: those of an earlier connection can no longer be sent. */
  let joined = 0;
  const leave = () => {
    joined++;
    for (const alternate of alternates) alternate.close();
    alternates = [];
  };
  const connection = open({
    ...events,
    disconnected: () => {
      leave();
      events.disconnected();
    },
  });
  return {
    coordinator: connection.coordinator,
    async joinShards(welcome, run) {
      leave();
      const mine = joined;
      const socket = connection.openShards(welcome.device, run);
      const found = findSideways(welcome.dataChannels, run.shards, socket);
      alternates = found.alternates;
      let begun: Promise<unknown> | null = null;
      const begin = () => {
        if (mine === joined) begun ??= Promise.all(found.alternates.map((alternate) => alternate.open()));
        return begun;
      };
      if (found.wanted) await begin();
      return run.shards.map((place) => {
        const alternate = found.alternates.find(({ url }) => url === place.url);
        const transports = (): Transport[] => {
          if (mine !== joined) return [];
          const better = alternate?.transport ?? null;
          return better === null ? [socket] : [better, socket];
        };
        const client = createShardClient(transports, place, run.incarnation);
        return { ...client, push: (terms, values) => client.push(terms, values).finally(() => void begin()) };
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
