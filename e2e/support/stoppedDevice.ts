import { io } from 'socket.io-client';
import { SocketTransport } from '../../client/transport/socketTransport.ts';
import { NO_BYTES } from '../../client/transport/transport.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { openNodePeer } from './nodePeer.ts';

/* A device in a process of its own that asks for much, says so, and is then stopped by the test. */

const [kind = '', url = '', maxMessageBytes = ''] = process.argv.slice(2);
const socket = io(`${url}${NAMESPACES.shards}`, { transports: ['websocket'] });
await new Promise<void>((resolve) => socket.once('connect', resolve));
const signal = async (offer: string) => {
  const { answer } = (await socket.emitWithAck('signal', { offer })) as { answer: string };
  return answer;
};
const transport =
  kind === 'webrtc'
    ? (await openNodePeer(signal, Number(maxMessageBytes))).transport
    : new SocketTransport(socket);
for (let count = 0; count < 10; count++) {
  void transport
    .request({ event: 'large', body: {}, bytes: NO_BYTES, withinMs: 600_000 })
    .catch(() => undefined);
}
process.stdout.write('asked\n');
