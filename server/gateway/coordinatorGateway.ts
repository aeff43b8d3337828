import type { Namespace, Socket } from 'socket.io';
import {
  EVENTS,
  ready,
  release,
  type Hello,
  type Lease,
  type RunDescription,
  type RunStatus,
  type Welcome,
} from '../../shared/protocol/messages.ts';
import { OUTCOMES } from '../../shared/protocol/outcomes.ts';
import { describeIssue } from '../../shared/profile/profile.ts';
import type { Clock } from '../core/clock.ts';
import type { Crowd, DeviceSession } from '../core/crowd/crowd.ts';
import type { KeptHistory } from '../core/crowd/device.ts';
import type { Arrival } from '../core/crowd/devices.ts';
import type { Coordinator } from '../core/run/coordinator.ts';
import { MAX_IN_FLIGHT, type Handler, type Reply } from './peer.ts';
import { readHello, SAID_ALREADY, type JoinRule } from './readHello.ts';
import { answerRequests, closeSocket } from './socketPeer.ts';

/** A socket that has not said hello by then is closed [PR5]. */
const HELLO_WITHIN_MS = 10_000;

export interface CoordinatorGatewayParts {
  crowd: Crowd;
  /** What is kept of a device that the crowd does not know; null: nothing. */
  recall: (device: string) => Promise<KeptHistory | null>;
  coordinator: Coordinator;
  clock: Clock;
  /** What a device is told of the run. */
  describe: (device: string) => RunDescription;
  dataChannels: Welcome['dataChannels'];
  join: JoinRule;
  status: () => RunStatus;
  failed: (error: unknown) => void;
}

/** The room of the sockets that said hello. */
const JOINED = 'joined';

/** Tells every joined device how the run stands; a device that does not read is sent it later. */
export function tellStatus(namespace: Namespace, status: RunStatus): void {
  namespace.to(JOINED).volatile.emit(EVENTS.status, status);
}

/**
 * Tells those devices that the plan in force keeps in reserve why, and those that it does so no longer, each once [PL15].
 * @param reserves the reasons, by device.
 */
export function tellReserves(namespace: Namespace, reserves: ReadonlyMap<string, string>): void {
  for (const socket of namespace.sockets.values()) {
    const told = socket.data as Told;
    if (told.device === undefined) continue;
    const why = reserves.get(told.device) ?? null;
    if (why === (told.reserve ?? null)) continue;
    told.reserve = why;
    socket.emit(EVENTS.reserve, { why });
  }
}

/** What is kept of the socket of a device. */
interface Told {
  /** Undefined before hello. */
  device?: string;
  /** Why it is in reserve, as it was told last. */
  reserve?: string | null;
}

/** Puts the coordinator behind its namespace: decodes, calls it, encodes. */
export function serveCoordinator(namespace: Namespace, parts: CoordinatorGatewayParts): void {
  namespace.on('connection', (socket) => {
    serveDevice(socket, parts);
  });
}

function serveDevice(socket: Socket, parts: CoordinatorGatewayParts): void {
  const { crowd, coordinator, clock } = parts;
  let session: DeviceSession | null = null;
  const cancelHello = clock.after(HELLO_WITHIN_MS, () => closeSocket(socket, 'TOO_SLOW', 'no hello in time'));

  const joined =
    (handle: (session: DeviceSession, ...rest: Parameters<Handler>) => void): Handler =>
    (args, reply) => {
      if (session === null) reply({ outcome: 'NOT_JOINED', reason: 'say hello first' });
      else handle(session, args, reply);
    };

  /** A hello is being answered, or was answered with a welcome. */
  let greeted = false;

  const onHello: Handler = ([body], reply) => {
    const read = greeted ? SAID_ALREADY : readHello(body, parts.join);
    if (!read.ok) {
      reply(read.refusal);
      return;
    }
    greeted = true;
    const id = crowd.recognise(read.hello.resume);
    const { vouched } = read;
    if (id === null || crowd.get(id) !== undefined) join(read.hello, { kept: null, vouched }, reply);
    else {
      void parts.recall(id).then((kept) => {
        if (socket.connected) join(read.hello, { kept, vouched }, reply);
      }, parts.failed);
    }
  };

  const join = (said: Hello, arrival: Arrival, reply: Reply) => {
    const port = {
      lease: (lease: Lease) => socket.emit(EVENTS.lease, lease),
      replaced: () => closeSocket(socket, 'REPLACED', 'this device joined again'),
      barred: () => closeSocket(socket, 'BARRED', OUTCOMES.BARRED.means),
    };
    const joining = crowd.join(said.profile, said.resume, port, arrival);
    if (typeof joining === 'string') {
      reply({ outcome: joining });
      return;
    }
    cancelHello();
    session = joining.session;
    (socket.data as Told).device = session.device;
    const { device } = session;
    const welcome: Welcome = {
      outcome: 'OK',
      device,
      token: joining.token,
      dataChannels: parts.dataChannels,
    };
    reply(welcome);
    socket.emit(EVENTS.run, parts.describe(device));
    void socket.join(JOINED);
    socket.emit(EVENTS.status, parts.status());
  };

  const handlers: Record<string, Handler> = {
    [EVENTS.hello]: onHello,
    [EVENTS.ready]: joined((present, [body], reply) => {
      const message = ready.safeParse(body);
      if (message.success) crowd.asks(present, message.data);
      reply(
        message.success
          ? { outcome: 'OK' }
          : { outcome: 'MALFORMED', reason: `ready: ${describeIssue(message.error.issues[0])}` },
      );
    }),
    [EVENTS.release]: joined((present, [body], reply) => {
      const message = release.safeParse(body);
      if (message.success) reply({ outcome: coordinator.release(present, message.data.lease) });
      else reply({ outcome: 'MALFORMED', reason: 'release names a lease and a reason' });
    }),
    [EVENTS.leave]: joined((present, _args, reply) => {
      crowd.leave(present);
      reply({ outcome: 'OK' });
    }),
  };
  answerRequests(socket, handlers, parts.failed, MAX_IN_FLIGHT);
  socket.on('disconnect', () => {
    cancelHello();
    if (session !== null) crowd.disconnect(session);
  });
}
