import type { Welcome } from '../../shared/protocol/messages.ts';
import type { Transport } from './transport.ts';
import type { BareConnection, Connection, CoordinatorEvents } from './connection.ts';
import { createShardClient } from './shardClient.ts';

/** A second way to the shards of one process, beside the socket: there at some times and not at others. */
export interface AlternateTransport {
  /** Of the process, as the shard map has it. */
  readonly url: string;
  /** Null while it cannot be used. */
  readonly transport: Transport | null;
  /** Opens it, once; resolves when the first try has come to something or to nothing. */
  begin(): Promise<void>;
  close(): void;
}

/** What sideways a device has, told by a welcome; `wanted`: the first unit waits for their first try. */
export type FindAlternates = (
  welcome: Welcome,
  socket: Transport,
) => { sideways: AlternateTransport[]; wanted: boolean };

const NONE: FindAlternates = () => ({ sideways: [], wanted: false });

/**
 * Connects to a server. Tensors go by the socket at once, by a sideway while one can be used, and by the socket again
 * when it has ended [TR2]. Where it is not asked for, a sideway is opened once an update was answered: what it costs
 * to fetch and to open must not keep a newcomer from training.
 */
export function connect(
  open: (events: CoordinatorEvents) => BareConnection,
  events: CoordinatorEvents,
  findSideways: FindAlternates = NONE,
): Connection {
  let sideways: AlternateTransport[] = [];
  /** Counts the connections to shards: an earlier one's tensors have no way any more. */
  let joined = 0;
  const leave = () => {
    joined++;
    for (const sideway of sideways) sideway.close();
    sideways = [];
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
    async joinShards(welcome) {
      leave();
      const mine = joined;
      const socket = connection.openShards(welcome);
      const found = findSideways(welcome, socket);
      sideways = found.sideways;
      let begun: Promise<unknown> | null = null;
      const begin = () => {
        if (mine === joined) begun ??= Promise.all(found.sideways.map((sideway) => sideway.begin()));
        return begun;
      };
      if (found.wanted) await begin();
      return welcome.shards.map((place) => {
        const sideway = found.sideways.find(({ url }) => url === place.url);
        const transports = (): Transport[] => {
          if (mine !== joined) return [];
          const better = sideway?.transport ?? null;
          return better === null ? [socket] : [better, socket];
        };
        const client = createShardClient(transports, place, welcome.run);
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
