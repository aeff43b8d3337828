import type { Namespace } from 'socket.io';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import type { HttpError } from '../../shared/protocol/httpErrors.ts';
import { EVENTS } from '../../shared/protocol/messages.ts';
import type { Clock } from '../core/clock.ts';
import { MAX_IN_FLIGHT } from './peer.ts';
import { answerRequests } from './socketPeer.ts';

const SNAPSHOT_EVERY_MS = 500;

export interface AdminGatewayParts {
  clock: Clock;
  /** Whether the cookies of a handshake hold a session. */
  admits: (cookies: string | undefined) => boolean;
  snapshot: () => AdminSnapshot;
  failed: (error: unknown) => void;
}

/** Shows the run to admins who are connected: at once, then twice a second [AD3]. */
export function serveAdmin(
  namespace: Namespace,
  { clock, admits, snapshot, failed }: AdminGatewayParts,
): void {
  let cancel: () => void = () => undefined;
  const show = () => {
    cancel();
    if (namespace.sockets.size === 0) return;
    namespace.emit(EVENTS.snapshot, snapshot());
    cancel = clock.after(SNAPSHOT_EVERY_MS, show);
  };
  namespace.use((socket, next) => {
    if (admits(socket.handshake.headers.cookie)) next();
    else next(new Error('UNAUTHORIZED' satisfies HttpError));
  });
  namespace.on('connection', (socket) => {
    answerRequests(socket, {}, failed, MAX_IN_FLIGHT);
    show();
  });
}
