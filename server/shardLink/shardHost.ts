import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { messageLimit } from '../gateway/messageLimit.ts';
import { sameSecret } from '../core/mac.ts';
import type { Clock } from '../core/clock.ts';
import { Shard } from '../core/shard/shard.ts';
import {
  CONTROL_PATH,
  decodeInit,
  decodeMark,
  encodeEvidence,
  encodeProducts,
  encodeSnapshot,
  listen,
  SECRET_HEADER,
  type Body,
  type ToCoordinator,
  type ToShard,
} from './wire.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';
import { HostedRuns } from '../gateway/hostedRuns.ts';
import { serveShards } from '../gateway/shardGateway.ts';
import { logRefusals } from '../gateway/refusals.ts';
import { createSocketServer } from '../gateway/sockets.ts';

/** A control message carries a slice and an optimizer's state: three vectors of at most 256 MiB. */
const CONTROL_LIMIT_BYTES = 800 * 1024 * 1024;
const TRAFFIC_EVERY_MS = 500;

export interface ShardHostParts {
  http: HttpServer;
  secret: string;
  clock: Clock;
  /** The data channels of a host whose messages have this many bytes at most; null where there are none. */
  openChannels: (maxMessageBytes: number) => DataChannels | null;
  log: (line: string) => void;
  failed: (error: unknown) => void;
}

/** Lets one server at a time, with the secret, have shards of its runs in this process. Answers how to close it. */
export function hostShards(parts: ShardHostParts): () => void {
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
  let hosting: Hosting | null = null;
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.startsWith(CONTROL_PATH) !== true) hosting?.upgrade(request, socket, head);
  });
  control.on('connection', (socket) => {
    if (hosting !== null) {
      socket.disconnect(true);
      return;
    }
    const present = new Hosting(socket, parts);
    hosting = present;
    log('a coordinator took this shard');
    socket.on('disconnect', () => {
      hosting = null;
      present.close();
      log('the coordinator is gone; this shard waits for the next one');
    });
  });
  return () => {
    hosting?.close();
    // Not control.close(): that waits for the connections of devices that are asleep.
    control.engine.close();
  };
}

/** What this process does for one server, from the beginning of their connection to its end. */
class Hosting {
  /** Never listens: connections come through {@link upgrade}, so that the next server finds a clean one. */
  readonly #http = createServer();
  readonly #parts: ShardHostParts;
  readonly #socket: Socket;
  #runs: HostedRuns | null = null;
  #devices: Server | null = null;
  #channels: DataChannels | null = null;
  #cancelTraffic: () => void = () => undefined;

  constructor(socket: Socket, parts: ShardHostParts) {
    this.#parts = parts;
    this.#socket = socket;
    listen<ToShard>(
      socket,
      {
        host: (body, acknowledge) => {
          this.#begin(body);
          acknowledge();
        },
        open: (body, acknowledge) => {
          this.#open(body);
          acknowledge();
        },
        close: ({ incarnation }) => this.#begun().close(incarnation),
        commit: ({ incarnation, shard, record }) => this.#shardAt(incarnation, shard).commit(record),
        refuse: ({ incarnation, shard, lease, outcome, version }) =>
          this.#shardAt(incarnation, shard).refuse(lease, outcome, version),
        keep: ({ incarnation, shard, lease }) => this.#shardAt(incarnation, shard).keep(lease),
        pin: ({ incarnation, shard, lease, version }) =>
          this.#shardAt(incarnation, shard).pin(lease, version),
        keepEvidence: ({ incarnation, shard, lease, version }) =>
          this.#shardAt(incarnation, shard).keepEvidence(lease, version),
        evidence: ({ incarnation, shard, lease }, acknowledge) =>
          void this.#shardAt(incarnation, shard)
            .evidence(lease)
            .then((evidence) => acknowledge(encodeEvidence(evidence))),
        dropEvidence: ({ incarnation, shard, lease }) =>
          this.#shardAt(incarnation, shard).dropEvidence(lease),
        mark: ({ incarnation, shard }) => this.#shardAt(incarnation, shard).mark(),
        load: ({ incarnation, shard, state }, acknowledge) =>
          void this.#shardAt(incarnation, shard).load(decodeMark(state)).then(acknowledge),
        keepMarks: ({ incarnation, shard, versions }) =>
          this.#shardAt(incarnation, shard).keepMarks(versions),
        snapshot: ({ incarnation, shard }, acknowledge) => {
          const asked = this.#shardAt(incarnation, shard);
          this.#tellTraffic();
          void asked.snapshot().then((state) => acknowledge(encodeSnapshot(state)));
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
    this.#runs?.closeAll();
    this.#runs = null;
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

  #begun(): HostedRuns {
    if (this.#runs === null) throw new Error('the server spoke of a run before it said what this host is');
    return this.#runs;
  }

  #shardAt(incarnation: string, index: number): Shard {
    const shard = this.#begun()
      .get(incarnation)
      ?.group.shards.find((each) => each.index === index);
    if (shard === undefined) throw new Error(`shard ${index} of ${incarnation} is not here`);
    return shard;
  }

  #begin({ url, accessKey, origins, maxParameters }: Body<'host'>): void {
    if (this.#runs !== null) throw new Error('the server said twice what this host is');
    const { clock, failed, log, openChannels } = this.#parts;
    const limitBytes = messageLimit(maxParameters);
    this.#runs = new HostedRuns({ url, accessKey });
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
    this.#channels = openChannels(limitBytes);
    serveShards(this.#devices, { runs: this.#runs, channels: this.#channels, failed });
    this.#keepTelling();
  }

  #open(body: Body<'open'>): void {
    const init = decodeInit(body);
    const { incarnation } = init;
    const { group } = this.#begun().open(incarnation);
    const shard = new Shard(init, this.#parts.clock, {
      staged: (lease, index, squares, products) =>
        this.#send('staged', {
          incarnation,
          shard: index,
          lease,
          squares,
          products: encodeProducts(products),
        }),
      rejected: (lease, index, outcome) =>
        this.#send('rejected', { incarnation, shard: index, lease, outcome }),
    });
    group.add(shard);
    this.#tellTraffic();
  }

  #keepTelling(): void {
    this.#tellTraffic();
    this.#cancelTraffic = this.#parts.clock.after(TRAFFIC_EVERY_MS, () => this.#keepTelling());
  }

  #tellTraffic(): void {
    for (const [incarnation, { group, meter }] of this.#begun().all()) {
      const shards = group.shards.map(({ index, traffic }) => ({ shard: index, ...traffic }));
      this.#send('traffic', { incarnation, shards, devices: meter.news() });
    }
  }
}
