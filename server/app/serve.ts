import type { FastifyInstance } from 'fastify';
import type { Namespace, Server } from 'socket.io';
import { modelHash } from '../store/modelHash.ts';
import { messageLimit } from '../gateway/messageLimit.ts';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { ROLES } from '../../shared/protocol/placement.ts';
import { describeForeignOrigin } from '../../shared/protocol/origins.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { RunDescription } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { Clock } from '../core/clock.ts';
import { ServerKeys } from '../core/serverKeys.ts';
import { loadDataset } from '../dataset/cut.ts';
import { DATASETS } from '../dataset/datasets.ts';
import { sampleOf } from '../dataset/sample.ts';
import { serveAdmin } from '../gateway/adminGateway.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';
import { serveCoordinator, tellReserves, tellStatus } from '../gateway/coordinatorGateway.ts';
import { logRefusals } from '../gateway/refusals.ts';
import { serveShards } from '../gateway/shardGateway.ts';
import { createSocketServer } from '../gateway/sockets.ts';
import { AdminSessions, SESSION_COOKIE } from '../http/adminSessions.ts';
import type { AdminRoutesOptions } from '../http/admin.ts';
import { createApp } from '../http/app.ts';
import { Endpoint } from '../http/endpoint.ts';
import { Auditor } from '../threads/auditor.ts';
import { Evaluator } from '../threads/evaluator.ts';
import { Solver } from '../threads/solver.ts';
import { adminAddress, joinAddresses, TLS_KINDS, tlsOf, type Address, type Listening } from './addresses.ts';
import type { PreparedRun } from './startState.ts';
import { arithmeticOf } from './arithmeticOf.ts';
import { adminTokenOf } from './adminToken.ts';
import { certificateOf } from './certificateOf.ts';
import { actOnDevice } from './deviceActions.ts';
import { DeviceRecords } from './deviceRecords.ts';
import { GUARD_IMAGES } from './guardOf.ts';
import { dataChannelOfferOf, runDescriptionFor } from './runDescription.ts';
import { settingsOf, type Config } from '../config/config.ts';
import type { Calendar } from './machineTime.ts';
import { prepareChannels } from './openChannels.ts';
import { runActionHandlers } from './runActions.ts';
import { listEvents } from './listEvents.ts';
import type { RunShards } from './runShards.ts';
import { reachHosts, type ShardHosts } from './shardHosts.ts';
import { rangesOf, Training } from './training.ts';

/** A run that people and tabs can reach. */
export interface Serving {
  training: Training;
  snapshot: () => AdminSnapshot;
  /** The model hash of the parameters as they are now. */
  hash: () => Promise<string>;
  /** Origin of the server on this machine. */
  url: string;
  addresses: Address[];
  /** The same for devices that begin as trusted, where others may join too. */
  trusted: Address[];
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
 * Puts the parts together and serves them. The run is paused until it is started.
 * @throws {Error} where a part cannot start, each with a message of its own; nothing listens any more then.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { config, start, folder, record, pages, clock, calendar, log } = options;
  const failed = (error: unknown) =>
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const closing = new Closing();
  try {
    const givenToken = await adminTokenOf(config);
    const tls = await certificateOf(config, calendar);
    const endpoint = await Endpoint.open(config.host, config.port, tls);
    closing.add(() => endpoint.close());
    const listening = { host: config.host, port: endpoint.port, tls: tlsOf(config.https) };
    const withCredential = joinAddresses({ ...listening, join: config.join });
    const addresses = config.open ? joinAddresses({ ...listening, join: '' }) : withCredential;
    const { manifest, train: dataShards, test } = await loadDataset(DATASETS[config.dataset]);
    const evaluator = new Evaluator({
      model: config.spec,
      test,
      arithmetic: arithmeticOf(config),
    });
    closing.add(() => evaluator.close());
    const sampler = samplerOf(config, test);
    closing.add(() => sampler?.close());
    const auditor = config.auditCpu > 0 ? new Auditor(config.spec, dataShards, clock) : null;
    closing.add(() => auditor?.close());
    const solver = new Solver(clock);
    closing.add(() => solver.close());
    const keys = new ServerKeys(folder.key);
    const hosts = await reachHosts(config, keys, originsOf(addresses, listening), clock);
    closing.add(() => hosts.close());
    const shards = hosts.shardsOf(rangesOf(config));
    closing.add(() => shards.close());
    const training = new Training(config, {
      keys,
      clock,
      calendar,
      start,
      dataShards: dataShards.map(({ index, path, samples }) => ({ index, path, samples })),
      testImages: manifest.test.samples,
      evaluator,
      sampler,
      recompute: auditor === null ? null : (task) => auditor.recompute(task),
      solve: solver.solve,
      record,
      shards,
      keepEvents: (run, events) => folder.store.events.append(run, ...events),
      log,
    });
    closing.add(() => training.coordinator.audits.close());
    closing.add(() => training.run.close());
    const records = new DeviceRecords({ store: folder.store, clock, calendar, log });
    records.follow(training.crowd);
    closing.add(() => records.close(training.crowd));
    await shards.opened();
    closing.add(() => training.events.close(training.coordinator.version));
    const limitBytes = messageLimit(config.maxParameters);
    const channels = await openChannels(config, hosts, listening.port, { clock, log, limitBytes, closing });
    const sessions = await AdminSessions.open(folder.store, givenToken, () => calendar.today());
    await record.started(training.incarnation, settingsOf(config), calendar.today());
    // Nothing is kept of a run before the run itself is, and devices join after this.
    training.events.served(training.incarnation, training.coordinator.version);
    const refused = logRefusals(log, describeForeignOrigin);
    const admin = adminOf(training, config, {
      actOnDevice: (device, action) =>
        actOnDevice(
          { crowd: training.crowd, records, judged: (change) => training.events.judged(change) },
          device,
          action,
        ),
      sessions,
      refused,
      secure: tls !== null,
      log,
      events: (query) => listEvents(folder.store, training.id, query),
    });
    const app = await createApp({ pages, dataShards, admin, endpoint, failed });
    closing.add(() => app.close());
    const sockets = createSocketServer(endpoint.server, { limitBytes, origins: () => [], refused, clock });
    // Not sockets.close(): that waits for HTTP connections that a client keeps open.
    closing.add(() => sockets.engine.close());
    const dataset = { name: config.dataset, hash: manifest.hash };
    const common = { config, clock, training, records, sessions, failed };
    serveSockets(sockets, { ...common, hosts, shards, channels, app, dataset, limitBytes });
    closing.add(keepDevicesInformed(sockets.of(NAMESPACES.coordinator), training));
    await folder.announce(new URL(addresses[0]?.url ?? '').origin);
    return {
      training,
      snapshot: () => training.snapshot(),
      hash: async () => modelHash((await training.run.snapshot()).parameters),
      url: new URL(addresses[0]?.url ?? '').origin,
      addresses,
      trusted: config.open ? withCredential : [],
      adminUrl: adminAddress(listening, sessions.token),
      trainImages: manifest.train.samples,
      channelPeers: () => channels?.peers ?? 0,
      cutChannels: () => channels?.cut(),
      close: async () => {
        try {
          await closing.run();
          await training.kept();
        } finally {
          await folder.close();
        }
      },
    };
  } catch (error) {
    await closing.run();
    throw error;
  }
}

/** Measures on the sample that the guard goes by; null where the run has none. */
function samplerOf(config: Config, test: DataShard): Evaluator | null {
  if (config.guardJump === null) return null;
  const sample = sampleOf(test, GUARD_IMAGES);
  return new Evaluator({ model: config.spec, test: sample, arithmetic: arithmeticOf(config) });
}

/** What has to be closed, last first. */
class Closing {
  readonly #tasks: (() => unknown)[] = [];

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  /** Runs every task, also after one that failed. @throws what the first one threw that failed. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const task of this.#tasks.splice(0).reverse()) {
      try {
        await task();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** The data channels of the shards of this process; shards elsewhere have channels of their own. */
async function openChannels(
  config: Config,
  hosts: ShardHosts,
  port: number,
  parts: { clock: Clock; log: (line: string) => void; limitBytes: number; closing: Closing },
): Promise<DataChannels | null> {
  if (hosts.local() === null) return null;
  const source = await prepareChannels(config, port, parts.clock, parts.log);
  const channels = source.open(parts.limitBytes);
  parts.closing.add(() => {
    channels?.cut();
    source.release();
  });
  return channels;
}

function adminOf(
  training: Training,
  { dataDir }: Config,
  {
    log,
    ...common
  }: Pick<AdminRoutesOptions, 'sessions' | 'refused' | 'secure' | 'events' | 'actOnDevice'> & {
    log: (line: string) => void;
  },
): AdminRoutesOptions {
  return {
    ...common,
    run: training.id,
    snapshot: () => training.snapshot(),
    state: () => training.run.status().state,
    actions: runActionHandlers({
      run: training.run,
      kept: () => training.kept(),
      keepSettings: (settings) => training.keepSettings(settings),
      keeps: dataDir !== null,
      config: () => training.config,
      told: log,
    }),
    acted: (action, given) => training.events.acted(action, given),
    keptVersions: () => training.keptVersions(),
    placement: () => training.placement.report(),
    place: (body) => training.placement.direct(body),
  };
}

/** Tells devices how the run stands: when that changes, and now and then. Answers how to stop. */
function keepDevicesInformed(devices: Namespace, training: Training): () => void {
  const tell = () => tellStatus(devices, training.run.status());
  training.watch(tell);
  const timer = setInterval(() => {
    tell();
    tellReserves(devices, reservesOf(training.snapshot()));
  }, STATUS_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

interface SocketParts {
  config: Config;
  clock: Clock;
  training: Training;
  records: DeviceRecords;
  sessions: AdminSessions;
  hosts: ShardHosts;
  shards: RunShards;
  channels: DataChannels | null;
  app: FastifyInstance;
  dataset: RunDescription['dataset'];
  limitBytes: number;
  failed: (error: unknown) => void;
}

function serveSockets(
  sockets: Server,
  { config, clock, training, records, sessions, failed, ...parts }: SocketParts,
): void {
  const { hosts, shards, channels, app, dataset, limitBytes } = parts;
  const local = hosts.local();
  if (local !== null) serveShards(sockets, { runs: local, channels, failed });
  serveCoordinator(sockets.of(NAMESPACES.coordinator), {
    crowd: training.crowd,
    recall: (device) => records.recall(device),
    coordinator: training.coordinator,
    clock,
    describe: (device) => runDescriptionFor(device, { config, training, shards, dataset }),
    dataChannels: dataChannelOfferOf(config, limitBytes),
    join: { credential: config.join, open: config.open },
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

/** Where this server's pages may be open, for shards elsewhere. */
function originsOf(addresses: Address[], { port, tls }: Omit<Listening, 'join'>): string[] {
  const { scheme } = TLS_KINDS[tls];
  const origins = addresses.map(({ url }) => new URL(url).origin);
  return [...new Set([...origins, `${scheme}://localhost:${port}`, `${scheme}://127.0.0.1:${port}`])];
}

/** Why devices that could work are in reserve, by their ids. */
function reservesOf({ devices }: AdminSnapshot): Map<string, string> {
  return new Map(
    devices
      .filter(
        ({ profile, allocation }) =>
          profile.engine !== null && allocation !== null && !ROLES[allocation.role].works,
      )
      .map(({ device, allocation }) => [device, allocation?.why.join('; ') ?? '']),
  );
}
