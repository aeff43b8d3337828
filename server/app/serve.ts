import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Server } from 'socket.io';
import { modelHash } from '../store/modelHash.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import { messageLimit } from '../../shared/protocol/messageLimit.ts';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { ROLES } from '../../shared/protocol/placement.ts';
import { describeForeignOrigin } from '../../shared/protocol/origins.ts';
import type { Welcome } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { Clock } from '../core/clock.ts';
import { loadDataset } from '../dataset/cut.ts';
import { DATASETS } from '../dataset/datasets.ts';
import { serveAdmin } from '../gateway/adminGateway.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';
import { serveCoordinator, tellReserves, tellStatus } from '../gateway/coordinatorGateway.ts';
import { logRefusals } from '../gateway/refusals.ts';
import { createSocketServer } from '../gateway/sockets.ts';
import { AdminSessions, SESSION_COOKIE } from '../http/adminSessions.ts';
import { createApp } from '../http/app.ts';
import type { Certificate } from '../http/tls.ts';
import { Evaluator } from '../threads/evaluator.ts';
import { Solver } from '../threads/solver.ts';
import { adminAddress, joinAddresses, type Address, type Listening } from './addresses.ts';
import type { StartState, PreparedRun } from './startState.ts';
import { certificateOf } from './certificateOf.ts';
import type { Config } from '../config/config.ts';
import { iceServerForBrowsers } from '../config/iceServers.ts';
import type { Calendar } from './machineTime.ts';
import { prepareChannels } from './openChannels.ts';
import { openShards, type OpenedShards } from './openShards.ts';
import { runActionHandlers } from './runActions.ts';
import { Training } from './training.ts';

/** A run that people and tabs can reach. */
export interface Serving {
  training: Training;
  snapshot: () => AdminSnapshot;
  /** The model hash of the parameters as they are now. */
  hash: () => Promise<string>;
  /** Origin of the server on this machine. */
  url: string;
  addresses: Address[];
  adminUrl: string;
  trainImages: number;
  /** Devices that have a data channel to this process. */
  channelPeers: () => number;
  /** Cuts every data channel of this process as a network would. */
  cutChannels: () => void;
  /** Ends all of it, and lets another server have the data folder. */
  close: () => Promise<void>;
}

export interface ServeOptions extends PreparedRun {
  /** Folder of the built pages. */
  pages: string;
  clock: Clock;
  calendar: Calendar;
  /** Told what went wrong without ending anything. */
  log: (line: string) => void;
}

/** Volunteers are told how the run stands at least this often. */
const STATUS_EVERY_MS = 1000;

/**
 * Puts the parts together and listens. The run is paused until it is started.
 * @throws {Error} where a part cannot begin, each with a message of its own; nothing listens then.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { config, beginning, folder, pages, clock, calendar, log } = options;
  const failed = (error: unknown) =>
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const { manifest, train: dataShards, test } = await loadDataset(DATASETS[config.dataset]);
  const tls = await certificateOf(config, calendar);
  const sessions = new AdminSessions();
  const evaluator = new Evaluator({ model: config.spec, test, arithmetic: arithmeticOf(config) });
  const solver = new Solver(clock);
  let tellDevices: () => void = () => undefined;
  const training = new Training(config, {
    clock,
    calendar,
    beginning,
    dataShards: dataShards.map(({ index, path, samples }) => ({ index, path, samples })),
    testImages: manifest.test.samples,
    evaluator,
    solve: solver.solve,
    checkpoints: folder.checkpoints,
    changed: () => tellDevices(),
    log,
  });
  const snapshot = () => training.snapshot();
  const refused = logRefusals(log, describeForeignOrigin);
  const admin = {
    sessions,
    refused,
    run: training.name,
    secure: tls !== null,
    snapshot,
    state: () => training.run.status().state,
    actions: runActionHandlers(training),
    placement: () => training.placement.report(),
    place: (body: unknown) => training.placement.direct(body),
  };
  const app = await createApp({ pages, dataShards, admin, tls, failed });
  const limitBytes = messageLimit(training.ranges);
  const sockets = createSocketServer(app.server, { limitBytes, origins: () => [], refused, clock });
  let channels: DataChannels | null = null;
  let releaseChannels: () => void = () => undefined;
  const closeAll = async (shards: OpenedShards | null) => {
    training.run.close();
    // Not sockets.close(): that waits for HTTP connections that a client keeps open; the app ends those too.
    sockets.engine.close();
    await app.close();
    shards?.close();
    channels?.cut();
    await evaluator.close();
    await solver.close();
    releaseChannels();
  };
  try {
    const listening = await listen(app, config, tls);
    const addresses = joinAddresses(listening);
    // Shards elsewhere have channels of their own.
    if (typeof config.shards === 'number') {
      const source = await prepareChannels(config, listening.port, clock, log);
      channels = source.open(limitBytes);
      releaseChannels = source.release;
    }
    const shards = await openShards({
      urls: typeof config.shards === 'number' ? null : config.shards,
      secret: config.shardSecret,
      opening: openingOf(training, beginning, config),
      sockets,
      channels,
      origins: originsOf(addresses, listening),
      clock,
      reports: training.coordinator,
      lost: (error) => {
        log(error.message);
        void training.run.stop('shard-lost');
      },
      failed,
    });
    training.shards.push(...shards.ports);
    training.trafficOf = shards.trafficOf;
    serveSockets(sockets, { config, clock, training, sessions, map: shards.map, app, failed });
    tellDevices = () => {
      tellStatus(sockets.of(NAMESPACES.coordinator), training.run.status());
    };
    const cancelTelling = repeat(() => {
      tellDevices();
      tellReserves(sockets.of(NAMESPACES.coordinator), reservesOf(training.snapshot()));
    });
    const url = new URL(addresses[0]?.url ?? '').origin;
    await folder.announce(url);
    return {
      training,
      snapshot,
      hash: async () => modelHash((await training.run.snapshot()).parameters),
      url,
      addresses,
      adminUrl: adminAddress(listening, sessions.token),
      trainImages: manifest.train.samples,
      channelPeers: () => channels?.peers ?? 0,
      cutChannels: () => channels?.cut(),
      close: async () => {
        cancelTelling();
        await closeAll(shards);
        await folder.close();
      },
    };
  } catch (error) {
    await closeAll(null);
    throw error;
  }
}

async function listen(app: FastifyInstance, config: Config, tls: Certificate | null): Promise<Listening> {
  const { host, port, join, https } = config;
  await app.listen({ host, port });
  const kind = tls === null ? 'none' : https === true ? 'self-signed' : 'certificate';
  return { host, port: (app.server.address() as AddressInfo).port, tls: kind, join };
}

function dataChannelOfferOf({ transport, iceServers }: Config): Welcome['dataChannels'] {
  if (transport === 'socketio') return null;
  return { wanted: transport === 'webrtc', iceServers: iceServers.map(iceServerForBrowsers) };
}

function arithmeticOf({ repeatable }: Config): Arithmetic {
  return repeatable ? 'strict' : 'fastest';
}

interface SocketParts {
  config: Config;
  clock: Clock;
  training: Training;
  sessions: AdminSessions;
  map: OpenedShards['map'];
  app: FastifyInstance;
  failed: (error: unknown) => void;
}

function serveSockets(
  sockets: Server,
  { config, clock, training, sessions, map, app, failed }: SocketParts,
): void {
  serveCoordinator(sockets.of(NAMESPACES.coordinator), {
    coordinator: training.coordinator,
    clock,
    run: training.name,
    model: config.spec,
    arithmetic: arithmeticOf(config),
    shards: map,
    dataChannels: dataChannelOfferOf(config),
    join: config.join,
    status: () => training.run.status(),
    failed,
  });
  serveAdmin(sockets.of(NAMESPACES.admin), {
    clock,
    admits: (cookies) =>
      sessions.holds(cookies === undefined ? undefined : app.parseCookie(cookies)[SESSION_COOKIE]),
    snapshot: () => training.snapshot(),
    failed,
  });
}

function openingOf(training: Training, beginning: StartState, config: Config) {
  const { version, parameters, optimizerState } = beginning;
  const { optimizer: kind, lr, momentum, average } = config;
  return {
    ranges: training.ranges,
    run: training.name,
    key: training.key,
    version,
    parameters,
    optimizer: { kind, lr, momentum },
    average,
    ...(optimizerState === undefined ? {} : { optimizerState }),
  };
}

/** Where this server's pages may be open, for shards elsewhere. */
function originsOf(addresses: Address[], { port, tls }: Listening): string[] {
  const scheme = tls === 'none' ? 'http' : 'https';
  const origins = addresses.map(({ url }) => new URL(url).origin);
  return [...new Set([...origins, `${scheme}://localhost:${port}`, `${scheme}://127.0.0.1:${port}`])];
}

/** Why devices that could work are in reserve, by their ids. */
function reservesOf({ devices }: AdminSnapshot): Map<string, string> {
  return new Map(
    devices
      .filter(({ profile, share }) => profile.engine !== null && share !== null && !ROLES[share.role].works)
      .map(({ device, share }) => [device, share?.why.join('; ') ?? '']),
  );
}

function repeat(task: () => void): () => void {
  const timer = setInterval(task, STATUS_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
