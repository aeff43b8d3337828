import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as nodeDataChannel from 'node-datachannel';
import { it } from 'vitest';
import { io, type Socket as ClientSocket } from 'socket.io-client';
import { SocketTransport } from '../client/transport/socketTransport.ts';
import { machineClock } from '../server/app/machineTime.ts';
import { DataChannels } from '../server/webrtc/dataChannels.ts';
import type { Handler } from '../server/gateway/peer.ts';
import { signalHandler } from '../server/webrtc/signalling.ts';
import { answerRequests } from '../server/gateway/socketPeer.ts';
import { createSocketServer } from '../server/gateway/sockets.ts';
import { NAMESPACES } from '../shared/protocol/version.ts';
import { thorough } from '../shared/testing/thorough.ts';
import {
  givesUpWhoStopsReading,
  LARGE_BYTES,
  SLOW_MS,
  transportContract,
  type TransportWorld,
} from '../client/transport/testing/contract.ts';
import { openNodePeer } from './support/nodePeer.ts';

/* The contract of transports against a real server: sockets and data channels over the loopback. */

const MAX_BYTES = LARGE_BYTES + 16_384;
const MAX_IN_FLIGHT = 64;
const STOPPED = fileURLToPath(new URL('./support/stoppedDevice.ts', import.meta.url));

async function openWorld(
  kind: 'socketio' | 'webrtc',
  handlers: Record<string, Handler>,
): Promise<TransportWorld> {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const sockets = createSocketServer(http, {
    limitBytes: MAX_BYTES,
    origins: () => [],
    refused: () => undefined,
    clock: machineClock,
  });
  const failed = (error: unknown) => console.error(error);
  const channels = new DataChannels(nodeDataChannel, {
    port,
    address: '127.0.0.1',
    iceServers: [],
    clock: machineClock,
    maxMessageBytes: MAX_BYTES,
    maxQueuedMessages: 3,
  });
  sockets.of(NAMESPACES.shards).on('connection', (socket) => {
    const signal = signalHandler(socket, channels, () => handlers, failed);
    answerRequests(socket, { ...handlers, signal }, failed, MAX_IN_FLIGHT);
  });
  const url = `http://127.0.0.1:${port}`;
  const clients: ClientSocket[] = [];
  const ends: (() => void)[] = [];
  const connectSocket = async () => {
    const socket = io(`${url}${NAMESPACES.shards}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    clients.push(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return socket;
  };
  return {
    async connect(chunkBytes) {
      const socket = await connectSocket();
      if (kind === 'socketio') {
        return {
          transport: new SocketTransport(socket),
          vanish: async () => {
            // Its connection is gone while the message is on its way.
            socket.emit('count', {}, new Uint8Array(LARGE_BYTES), () => undefined);
            await new Promise((resolve) => setImmediate(resolve));
            (socket.io.engine.transport as unknown as { ws: { terminate(): void } }).ws.terminate();
          },
          close: () => socket.disconnect(),
        };
      }
      const signal = async (offer: string) => {
        const { answer } = (await socket.emitWithAck('signal', { offer })) as { answer: string };
        return answer;
      };
      const peer = await openNodePeer(signal, MAX_BYTES, chunkBytes);
      ends.push(() => peer.connection.close());
      return {
        transport: peer.transport,
        vanish: async () => {
          const { encodeHead } = await import('../shared/protocol/channel.ts');
          peer.channel.sendMessageBinary(encodeHead({ bytes: LARGE_BYTES, checksum: 0, jsonBytes: 2 }));
          peer.channel.sendMessageBinary(new Uint8Array(5000));
          peer.connection.close();
        },
        close: () => {
          peer.connection.close();
          socket.disconnect();
        },
      };
    },
    async connectStopped() {
      const child = spawn(process.execPath, ['--import', 'tsx', STOPPED, kind, url, String(MAX_BYTES)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      ends.push(() => child.kill('SIGKILL'));
      for await (const line of createInterface({ input: child.stdout })) if (line === 'asked') break;
      child.kill('SIGSTOP');
    },
    connected: () => (kind === 'socketio' ? sockets.of(NAMESPACES.shards).sockets.size : channels.peers),
    cut: () => {
      if (kind === 'webrtc') channels.cut();
      else for (const { conn } of sockets.of(NAMESPACES.shards).sockets.values()) conn.close(true);
    },
    async close() {
      for (const end of ends) end();
      for (const client of clients) client.disconnect();
      channels.cut();
      await sockets.close();
    },
  };
}

transportContract('socket.io', (handlers) => openWorld('socketio', handlers));
transportContract('a data channel', (handlers) => openWorld('webrtc', handlers));

/** `npm run prove` waits also for a socket to be given up, which takes a network 45 seconds. */
const STALLING = thorough ? (['socketio', 'webrtc'] as const) : (['webrtc'] as const);

// All at once: each waits for what a network takes to give a peer up.
it.concurrent.each(STALLING)(
  '[TR4] over %s a device that stops reading is given up, and harms nobody',
  async (kind) => {
    await givesUpWhoStopsReading((handlers) => openWorld(kind, handlers));
  },
  SLOW_MS,
);
