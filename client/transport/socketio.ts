import { Manager, type Socket } from 'socket.io-client';
import type * as z from 'zod/mini';
import { socketPath } from '../../shared/protocol/basePath.ts';
import {
  closing,
  EVENTS,
  helloAnswer,
  lease,
  refusal,
  reserve,
  runDescription,
  runStatus,
} from '../../shared/protocol/messages.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import {
  ConnectionLost,
  type BareConnection,
  type CoordinatorClient,
  type CoordinatorEvents,
} from './connection.ts';
import { readMessage } from './readMessage.ts';
import { SocketTransport } from './socketTransport.ts';

/** An answer that takes longer than this counts as lost with its connection. */
const ANSWER_WITHIN_MS = 30_000;
const REJOIN_MS = 1000;
const RECONNECTION_MS = { reconnectionDelay: 250, reconnectionDelayMax: 5000 };

/** What of socket.io's options only Node has. */
export interface NodeTls {
  /** False where a certificate without a trusted issuer is taken; browsers ask their user instead. */
  rejectUnauthorized: boolean;
}

/**
 * Opens the socket.io connection to the server at a base; it reconnects automatically until closed.
 * @param failed is called each time that connecting fails.
 */
export function connectSocketIo(
  server: string,
  events: CoordinatorEvents,
  tls?: NodeTls,
  failed: () => void = () => undefined,
): BareConnection {
  const managers = new Managers(tls);
  const coordinator = managers.socket(server, NAMESPACES.coordinator, {});
  const hosts: SocketTransport[] = [];
  const closeHosts = () => {
    for (const host of hosts.splice(0)) host.close();
  };
  coordinator.on('connect', () => events.connected());
  let closed = false;
  coordinator.on('disconnect', (reason) => {
    // They would come back automatically, and a namespace that is left and joined again in one go ends the connection.
    closeHosts();
    events.disconnected();
    // socket.io reconnects automatically after a lost connection, not after one that the server closed.
    if (reason === 'io server disconnect') rejoin();
  });
  // A namespace that the server does not have yet is not retried by socket.io either.
  coordinator.on('connect_error', () => {
    if (coordinator.active) failed();
    else rejoin();
  });
  const rejoin = () => setTimeout(() => closed || coordinator.connect(), REJOIN_MS);
  hearCoordinator(coordinator, events);
  coordinator.connect();
  return {
    coordinator: createCoordinatorClient(coordinator),
    openHost: (url, device, accessToken) => {
      const at = url === '' ? server : url;
      const socket = managers.socket(at, NAMESPACES.shards, { device, accessToken });
      socket.connect();
      const host = new SocketTransport(socket);
      hosts.push(host);
      return host;
    },
    restart: () => {
      coordinator.disconnect();
      rejoin();
    },
    close: () => {
      closed = true;
      closeHosts();
      coordinator.disconnect();
      managers.close();
    },
  };
}

/** Hands on what the coordinator sends of its own accord, and says what cannot be read [PR9]. */
function hearCoordinator(coordinator: Socket, events: CoordinatorEvents): void {
  const hear = <Message>(
    event: string,
    schema: z.ZodMiniType<Message>,
    tell: (message: Message) => void,
  ): void => {
    coordinator.on(event, (body: unknown) => {
      let message: Message;
      try {
        message = readMessage(`a ${event}`, schema, body);
      } catch (error) {
        events.garbled(errorMessage(error));
        return;
      }
      tell(message);
    });
  };
  hear(EVENTS.run, runDescription, (message) => events.run(message));
  hear(EVENTS.lease, lease, (message) => events.lease(message));
  hear(EVENTS.status, runStatus, (message) => events.status(message));
  hear(EVENTS.reserve, reserve, ({ why }) => events.reserve(why));
  hear(EVENTS.closing, closing, (message) => events.closing(message));
}

/** What a device asks of the coordinator. */
function createCoordinatorClient(coordinator: Socket): CoordinatorClient {
  const request = async (event: string, body: object): Promise<unknown> => {
    // socket.io would keep it for the next connection, on which no hello was sent.
    if (!coordinator.connected) throw new ConnectionLost('there is no connection to the coordinator');
    try {
      return (await coordinator.timeout(ANSWER_WITHIN_MS).emitWithAck(event, body)) as unknown;
    } catch {
      throw new ConnectionLost('the coordinator gave no answer');
    }
  };
  const tell = async (event: string, body: object, settles: readonly Outcome[]): Promise<void> => {
    const { outcome, reason } = readMessage(`an answer to ${event}`, refusal, await request(event, body));
    if (!settles.includes(outcome)) throw new Error(`${event}: ${reason ?? OUTCOMES[outcome].means}`);
  };
  return {
    hello: async (body) =>
      readMessage(`an answer to ${EVENTS.hello}`, helloAnswer, await request(EVENTS.hello, body)),
    ready: (body) => tell(EVENTS.ready, body, ['OK']),
    release: (lease, reason) =>
      tell(EVENTS.release, { lease, reason: reason.slice(0, 200) }, ['OK', 'UNKNOWN_LEASE']),
    leave: () => tell(EVENTS.leave, {}, ['OK']),
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
    const options = {
      transports: ['websocket'],
      path: socketPath(url),
      autoConnect: false,
      ...RECONNECTION_MS,
      ...this.#tls,
    };
    const manager = this.#managers.get(url) ?? new Manager(url, options);
    this.#managers.set(url, manager);
    const socket = manager.socket(namespace, { auth });
    // A namespace that was used before keeps its socket, and with it the access token of an earlier connection.
    socket.auth = auth;
    return socket;
  }

  close(): void {
    for (const manager of this.#managers.values()) manager._close();
  }
}
