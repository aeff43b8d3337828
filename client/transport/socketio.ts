import { Manager, type Socket } from 'socket.io-client';
import { decodeFrame, encodeFrame } from '../../shared/protocol/frame.ts';
import {
  closing,
  EVENTS,
  helloAnswer,
  lease,
  refusal,
  runStatus,
  shardAnswer,
  type ShardMap,
} from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import {
  ConnectionLost,
  type Connection,
  type CoordinatorEvents,
  type ShardClient,
  type SliceReply,
} from './connection.ts';

/** An answer that takes longer than this counts as lost with its connection. */
const ANSWER_WITHIN_MS = 30_000;
/** A push is answered when its round ends: two leases at most, of which a server may allow an hour each. */
const PUSH_WITHIN_MS = 2 * 3_600_000 + ANSWER_WITHIN_MS;
const REJOIN_MS = 1000;
const RECONNECTION_MS = { reconnectionDelay: 250, reconnectionDelayMax: 5000 };

/** What of socket.io's options only Node has. */
export interface NodeTls {
  /** False where a certificate that nobody vouches for is taken; browsers ask their user instead. */
  rejectUnauthorized: boolean;
}

/** Opens the socket.io connection to a server; it reconnects by itself until closed. */
export function connectSocketIo(server: string, events: CoordinatorEvents, tls?: NodeTls): Connection {
  const managers = new Managers(tls);
  const coordinator = managers.socket(server, NAMESPACES.coordinator, {});
  let shardSockets: Socket[] = [];
  coordinator.on('connect', () => events.connected());
  let closed = false;
  coordinator.on('disconnect', (reason) => {
    // What was not sent belongs to a session that is over.
    coordinator.sendBuffer = [];
    events.disconnected();
    // socket.io reconnects by itself after a lost connection, not after one that the server closed.
    if (reason === 'io server disconnect') rejoin();
  });
  // A namespace that the server does not have yet is not tried again by socket.io either.
  coordinator.on('connect_error', () => {
    if (!coordinator.active) rejoin();
  });
  const rejoin = () => setTimeout(() => closed || coordinator.connect(), REJOIN_MS);
  coordinator.on(EVENTS.lease, (body: unknown) => events.lease(lease.parse(body)));
  coordinator.on(EVENTS.status, (body: unknown) => events.status(runStatus.parse(body)));
  coordinator.on(EVENTS.closing, (body: unknown) => events.closing(closing.parse(body)));
  coordinator.connect();
  const request = async (event: string, body: object): Promise<unknown> => {
    try {
      return (await coordinator.timeout(ANSWER_WITHIN_MS).emitWithAck(event, body)) as unknown;
    } catch {
      throw new ConnectionLost('the coordinator gave no answer');
    }
  };
  const tell = async (event: string, body: object): Promise<void> => {
    refusal.parse(await request(event, body));
  };
  const closeShards = () => {
    for (const socket of shardSockets) socket.disconnect();
    shardSockets = [];
  };
  return {
    coordinator: {
      hello: async (body) => helloAnswer.parse(await request(EVENTS.hello, body)),
      ready: (body) => tell(EVENTS.ready, body),
      release: (lease, reason) => tell(EVENTS.release, { lease, reason: reason.slice(0, 200) }),
      leave: () => tell(EVENTS.leave, {}),
    },
    joinShards: (shards, run, device, pass) => {
      closeShards();
      return shards.map((shard) => {
        const url = shard.url === '' ? server : shard.url;
        const socket = managers.socket(url, NAMESPACES.shard(shard.index), { device, pass });
        shardSockets.push(socket);
        socket.connect();
        return shardClient(socket, shard, run);
      });
    },
    restart: () => {
      coordinator.disconnect();
      rejoin();
    },
    close: () => {
      closed = true;
      closeShards();
      coordinator.disconnect();
      managers.close();
    },
  };
}

/** One connection a server, whatever number of namespaces is used of it. */
class Managers {
  readonly #tls: NodeTls | undefined;
  readonly #managers = new Map<string, Manager>();

  constructor(tls: NodeTls | undefined) {
    this.#tls = tls;
  }

  socket(url: string, namespace: string, auth: Record<string, string>): Socket {
    const options = { transports: ['websocket'], autoConnect: false, ...RECONNECTION_MS, ...this.#tls };
    const manager = this.#managers.get(url) ?? new Manager(url, options);
    this.#managers.set(url, manager);
    const socket = manager.socket(namespace, { auth });
    // A namespace that was used before keeps its socket, and with it the pass of an earlier run.
    socket.auth = auth;
    return socket;
  }

  close(): void {
    for (const manager of this.#managers.values()) manager._close();
  }
}

function shardClient(socket: Socket, shard: ShardMap[number], run: string): ShardClient {
  const ask = (event: string, timeoutMs: number, ...args: unknown[]) =>
    new Promise<SliceReply>((resolve, reject) => {
      const lost = () => reject(new ConnectionLost('the connection to a shard was lost'));
      socket.once('disconnect', lost);
      socket.once('connect_error', lost);
      socket
        .timeout(timeoutMs)
        .emitWithAck(event, ...args)
        .then((body: unknown) => resolve(readAnswer(body, shard)))
        .catch(lost)
        .finally(() => {
          socket.off('disconnect', lost);
          socket.off('connect_error', lost);
        });
    });
  return {
    pull: (version) => ask(EVENTS.pull, ANSWER_WITHIN_MS, { version }),
    push: (terms, values) => {
      const frame = encodeFrame(
        {
          kind: terms.kind,
          codec: 'float32',
          run: parseInt(run, 16),
          baseVersion: terms.baseVersion,
          lease: terms.lease,
          shard: shard.index,
          offset: shard.offset,
          length: shard.length,
          samples: terms.samples,
        },
        values,
      );
      return ask(EVENTS.push, PUSH_WITHIN_MS, terms, frame);
    },
  };
}

function readAnswer(body: unknown, shard: ShardMap[number]): SliceReply {
  const answer = shardAnswer.parse(body);
  if (answer.weights === undefined || answer.version === undefined)
    return { outcome: answer.outcome, weights: null };
  const bytes = answer.weights instanceof Uint8Array ? answer.weights : new Uint8Array(answer.weights);
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) throw new Error(`weights of shard ${shard.index}: ${decoded.reason}`);
  const { header, values } = decoded.frame;
  if (
    header.offset !== shard.offset ||
    header.length !== shard.length ||
    header.baseVersion !== answer.version
  ) {
    throw new Error(`weights of shard ${shard.index} are not its slice`);
  }
  return { outcome: answer.outcome, weights: { version: answer.version, values } };
}
