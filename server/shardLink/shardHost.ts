import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { messageLimit } from '../../shared/protocol/messageLimit.ts';
import { sameSecret } from '../core/mac.ts';
import type { Clock } from '../core/clock.ts';
import { Shard } from '../core/shard/shard.ts';
import {
  CONTROL_PATH,
  decodeInit,
  encodeSnapshot,
  listen,
  SECRET_HEADER,
  type Body,
  type ToCoordinator,
  type ToShard,
} from './wire.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';
import { serveShards } from '../gateway/shardGateway.ts';
import { logRefusals } from '../gateway/refusals.ts';
import { createSocketServer } from '../gateway/sockets.ts';
import { TrafficMeter } from '../gateway/trafficMeter.ts';

/** A control message carries a slice and an optimizer's state: three vectors of at most 256 MiB. */
const CONTROL_LIMIT_BYTES = 800 * 1024 * 1024;
const TRAFFIC_EVERY_MS = 500;

export interface ShardHostParts {
  http: HttpServer;
  secret: string;
  clock: Clock;
  /** The data channels of a shard whose messages have this many bytes at most; null where there are none. */
  openChannels: (maxMessageBytes: number) => DataChannels | null;
  log: (line: string) => void;
  failed: (error: unknown) => void;
}

/** Lets one coordinator at a time, with the secret, run a shard in this process. Answers how to close it. */
export function hostShard(parts: ShardHostParts): () => void {
  const { http, secret, log } = parts;
  const control = new Server(http, {
    path: CONTROL_PATH,
    transports: ['websocket'],
    serveClient: false,
    maxHttpBufferSize: CONTROL_LIMIT_BYTES,
    allowRequest: ({ headers }, allow) => {
      const shown = headers[SECRET_HEADER];
      allow(null, secret !== '' && typeof shown === 'string' && sameSecret(shown, secret));
    },
  });
  let hosted: HostedShard | null = null;
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.startsWith(CONTROL_PATH) !== true) hosted?.upgrade(request, socket, head);
  });
  control.on('connection', (socket) => {
    if (hosted !== null) {
      socket.disconnect(true);
      return;
    }
    const host = new HostedShard(socket, parts);
    hosted = host;
    log('a coordinator took this shard');
    socket.on('disconnect', () => {
      hosted = null;
      host.close();
      log('the coordinator is gone; this shard waits for the next one');
    });
  });
  return () => {
    hosted?.close();
    // Not control.close(): that waits for the connections of devices that are asleep.
    control.engine.close();
  };
}

/** One shard under one coordinator, from its opening to the end of their connection. */
class HostedShard {
  /** Never listens: connections come through {@link upgrade}, so that the next shard finds a clean server. */
  readonly #http = createServer();
  readonly #parts: ShardHostParts;
  readonly #socket: Socket;
  readonly #meter = new TrafficMeter();
  #shard: Shard | null = null;
  #devices: Server | null = null;
  #channels: DataChannels | null = null;
  #cancelTraffic: () => void = () => undefined;

  constructor(socket: Socket, parts: ShardHostParts) {
    this.#parts = parts;
    this.#socket = socket;
    listen<ToShard>(
      socket,
      {
        open: (body, acknowledge) => {
          this.#open(body);
          acknowledge();
        },
        commit: (record) => this.#opened().commit(record),
        refuse: ({ lease, outcome, version }) => this.#opened().refuse(lease, outcome, version),
        keep: ({ lease }) => this.#opened().keep(lease),
        pin: ({ lease, version }) => this.#opened().pin(lease, version),
        snapshot: (_body, acknowledge) => {
          const shard = this.#opened();
          this.#send('traffic', this.#trafficOf(shard));
          void shard.snapshot().then((state) => acknowledge(encodeSnapshot(state)));
        },
      },
      (error) => {
        parts.failed(error);
        socket.disconnect(true);
      },
    );
  }

  close(): void {
    this.#cancelTraffic();
    this.#shard?.abandon();
    this.#shard = null;
    this.#channels?.cut();
    void this.#devices?.close();
    this.#devices = null;
  }

  /** A device asks for a websocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#devices === null) socket.destroy();
    else this.#http.emit('upgrade', request, socket, head);
  }

  #send<Event extends ToCoordinator>(event: Event, body: Body<Event>): void {
    this.#socket.emit(event, body);
  }

  #trafficOf({ traffic }: Shard): Body<'traffic'> {
    return { ...traffic, devices: this.#meter.news() };
  }

  #opened(): Shard {
    if (this.#shard === null) throw new Error('the coordinator spoke to a shard before it opened it');
    return this.#shard;
  }

  #open(body: Body<'open'>): void {
    const { init, origins } = decodeInit(body);
    const { clock, failed, log, openChannels } = this.#parts;
    const shard = new Shard(init, clock, {
      staged: (lease, _shard, squares) => this.#send('staged', { lease, squares }),
      rejected: (lease, _shard, outcome) => this.#send('rejected', { lease, outcome }),
    });
    this.#shard = shard;
    const limitBytes = messageLimit(init.ranges);
    this.#devices = createSocketServer(this.#http, {
      limitBytes,
      origins: () => origins,
      refused: logRefusals(
        log,
        (origin) =>
          `It is of ${origin}, but tabs reach this shard from pages of ${origins.join(', ')} alone.`,
      ),
      clock,
    });
    this.#channels?.cut();
    this.#channels = openChannels(limitBytes);
    serveShards(this.#devices, { shards: [shard], meter: this.#meter, channels: this.#channels, failed });
    const report = () => {
      this.#send('traffic', this.#trafficOf(shard));
      this.#cancelTraffic = clock.after(TRAFFIC_EVERY_MS, report);
    };
    report();
  }
}
