import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../client/transport/connect.ts';
import type { HostClient } from '../../client/transport/connection.ts';
import { SocketTransport } from '../../client/transport/socketTransport.ts';
import { cutKeyRanges, joinSlices, sliceOf } from '../../shared/model/ranges.ts';
import { TEST_PROFILE } from '../../shared/profile/testing/profile.ts';
import { UNKNOWN_CONDITIONS } from '../../shared/profile/profile.ts';
import { EVENTS, type Lease, type RunDescription } from '../../shared/protocol/messages.ts';
import { encodePack } from '../../shared/protocol/pack.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { createAggregation } from '../core/aggregation/aggregation.ts';
import { RULE_SETTINGS } from '../core/aggregation/testing/joined.ts';
import { Crowd, type Joined } from '../core/crowd/crowd.ts';
import { Placement } from '../core/placement/placement.ts';
import { Coordinator } from '../core/run/coordinator.ts';
import { createWork } from '../core/run/work.ts';
import type { CommitRecord } from '../core/shard/records.ts';
import type { ShardPort } from '../core/shard/shardPort.ts';
import { gradientOf, noiseVector, PLAIN_OPTIMIZER, PlainReplay } from '../core/testing/plainModel.ts';
import { asyncPolicy } from '../core/testing/policies.ts';
import { dataShards, settingsOfWorld } from '../core/testing/testServer.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { ask } from '../gateway/testing/realSockets.ts';
import { hostShards } from '../shardLink/shardHost.ts';
import type { RunShards } from './runShards.ts';
import { RemoteHosts } from './shardHosts.ts';

/*
 * Two runs whose shards are in one process, over real sockets: each has a coordinator, a lease key and four shards there;
 * both have the same server, the same devices, and one socket a device. Leases, versions and shards of both have the same
 * numbers.
 */

const SECRET = 'a secret of both';
const SHARDS = 4;
const PARAMETERS = 2000;
const COMMITS = 12;
const DEVICES = 3;
const ranges = cutKeyRanges(PARAMETERS, SHARDS);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function hosting() {
  const http = createServer();
  const failures: unknown[] = [];
  const clock = new VirtualClock();
  const close = hostShards({
    http,
    secret: SECRET,
    clock,
    openChannels: () => null,
    log: () => undefined,
    failed: (error) => failures.push(error),
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => http.close());
  closing.push(close);
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const host = { url, accessKey: new Uint8Array(32).fill(9), origins: [], maxParameters: PARAMETERS };
  const hosts = await RemoteHosts.connect(new Array<string>(SHARDS).fill(url), [host], SECRET);
  closing.push(() => hosts.close());
  return { url, hosts, failures, clock };
}

/** A run on the hosts: what it leased, what it committed, and what devices are told of it. */
class TestRun {
  readonly initial: Float32Array;
  readonly leases = new Map<number, Lease>();
  readonly records: CommitRecord[] = [];
  readonly crowd: Crowd;
  readonly coordinator: Coordinator;
  readonly incarnation: string;
  readonly #shards: RunShards;

  constructor(hosts: RemoteHosts, number: number) {
    this.incarnation = `0badcaf${number}`;
    this.initial = noiseVector(number, PARAMETERS);
    const clock = new VirtualClock();
    const key = new Uint8Array(32).fill(number);
    let minted = 0;
    // Each run has the devices under the same ids, as a server that lends them to both would.
    this.crowd = new Crowd({ key, maxDevices: 10 }, () => `${++minted}`.padStart(12, '0'));
    this.#shards = hosts.shardsOf(ranges);
    const common = { incarnation: this.incarnation, key, ranges, version: 0, updates: 0 };
    this.coordinator = new Coordinator(
      {
        ...common,
        codec: 'float32',
        samples: 0,
        settings: settingsOfWorld({}),
        maxNorm: 1e4,
        boundsNorms: true,
      },
      {
        clock,
        policy: asyncPolicy(),
        aggregation: createAggregation('mean', RULE_SETTINGS),
        work: createWork(dataShards(5), { batch: 8, local: null, seed: number, startUpdates: 0 }),
        crowd: this.crowd,
        placement: (replanned) =>
          new Placement(
            {
              method: 'uniform',
              budgetMs: 100,
              repeatable: false,
              shape: {
                mode: 'async',
                batch: 8,
                steps: null,
                elastic: false,
                bytesPerUnit: 8 * PARAMETERS,
                dataShards: dataShards(5),
                bytesPerDataShard: 78_500,
                minWorkers: 1,
                maxMs: 1000,
                link: null,
                roundOverheadMs: 0,
                requires: {},
                prefers: {},
              },
            },
            {
              clock,
              solve: () => Promise.resolve({ chosen: null, status: 'no solver here' }),
              crowd: this.crowd,
              replanned,
            },
          ),
        shards: (reports) => {
          const start = { parameters: this.initial, optimizer: PLAIN_OPTIMIZER };
          const init = { ...common, ...start, average: null, deviceMomentum: 0, products: false };
          const ports = this.#shards.open(init, reports, () => undefined);
          return ports.map((port, index) => (index === 0 ? this.#recording(port) : port));
        },
        audits: null,
        committed: () => this.coordinator.version >= COMMITS && this.coordinator.freeze(),
        undermined: () => undefined,
        suspected: () => undefined,
        firstLease: () => undefined,
      },
    );
  }

  opened(): Promise<void> {
    return this.#shards.opened();
  }

  close(): void {
    this.#shards.close();
  }

  trafficOf(device: string) {
    return this.#shards.trafficOf(device).socketio;
  }

  describe(device: string): RunDescription {
    return {
      run: `fedcba98765${this.incarnation.slice(-1)}`,
      incarnation: this.incarnation,
      model: {},
      dataset: { name: 'tiny', hash: '' },
      arithmetic: 'fastest',
      codecs: ['float32'],
      hosts: this.#shards.hostsFor(device),
      shards: this.#shards.map,
    };
  }

  /** The parameters of the newest version, from the shards. */
  async parameters(): Promise<Float32Array> {
    const snapshots = await Promise.all(this.coordinator.shards.map((shard) => shard.snapshot()));
    expect(snapshots.map(({ version }) => version)).toEqual(ranges.map(() => COMMITS));
    return joinSlices(
      ranges,
      snapshots.map(({ parameters }) => parameters),
    );
  }

  /** The same as a plain model computes them from the commit records and leases of this run alone. */
  plain(): Float32Array | undefined {
    return new PlainReplay(this.initial).versions(this.records, this.leases).at(-1);
  }

  #recording(port: ShardPort): ShardPort {
    return {
      commit: (record) => {
        this.records.push(record);
        port.commit(record);
      },
      refuse: (...args) => port.refuse(...args),
      keep: (lease) => port.keep(lease),
      pin: (...args) => port.pin(...args),
      keepEvidence: (...args) => port.keepEvidence(...args),
      evidence: (lease) => port.evidence(lease),
      dropEvidence: (lease) => port.dropEvidence(lease),
      mark: () => port.mark(),
      load: (state) => port.load(state),
      keepMarks: (versions) => port.keepMarks(versions),
      snapshot: () => port.snapshot(),
      get traffic() {
        return port.traffic;
      },
    };
  }
}

/** A device that is lent to all runs: one connection to the shard host, and one worker for each run. */
class TestDevice {
  readonly opened: string[] = [];
  readonly #sockets: Socket[] = [];
  readonly #connection;
  readonly #joined: Joined[] = [];

  constructor() {
    this.#connection = connect(
      () => ({
        coordinator: {} as never,
        openHost: (url, device, accessToken) => {
          this.opened.push(url);
          const auth = { device, accessToken };
          const socket = io(`${url}${NAMESPACES.shards}`, {
            transports: ['websocket'],
            forceNew: true,
            auth,
          });
          closing.push(() => socket.disconnect());
          this.#sockets.push(socket);
          return new SocketTransport(socket);
        },
        restart: () => undefined,
        close: () => undefined,
      }),
      {} as never,
    );
  }

  get socket(): Socket {
    return this.#sockets[0] ?? expect.fail('no host is open');
  }

  /** Works for a run until it has all its commits. */
  async workFor(run: TestRun): Promise<void> {
    const waiting: ((lease: Lease) => void)[] = [];
    const granted: Lease[] = [];
    const joined = run.crowd.join(TEST_PROFILE, undefined, {
      lease: (lease) => {
        run.leases.set(lease.terms.lease, lease);
        const next = waiting.shift();
        if (next === undefined) granted.push(lease);
        else next(lease);
      },
      replaced: () => undefined,
      barred: () => undefined,
    });
    if (typeof joined === 'string') throw new Error('there is room');
    this.#joined.push(joined);
    const { device } = joined.session;
    const token = 'a'.repeat(32);
    const welcome = { outcome: 'OK' as const, device, token, dataChannels: null };
    const [host] = await this.#connection.joinHosts(welcome, run.describe(device));
    if (host === undefined) throw new Error('there is a host');
    const ready = () =>
      run.crowd.asks(joined.session, {
        engine: { name: 'scripted', detail: '', software: true },
        trials: [],
        workers: 1,
        conditions: UNKNOWN_CONDITIONS,
      });
    ready();
    while (run.coordinator.version < COMMITS) {
      const lease = granted.shift() ?? (await new Promise<Lease>((resolve) => waiting.push(resolve)));
      const reply = await this.#train(host, lease);
      if (reply === null) return;
      if (reply.weights === null) ready();
    }
  }

  async #train(host: HostClient, lease: Lease) {
    const { weights } = await host.pull(lease.terms.baseVersion);
    if (weights === null) throw new Error('the base version is kept');
    const gradient = gradientOf(joinSlices(host.places, weights.slices), lease.unit);
    const push = host.push(
      lease.terms,
      host.places.map((place) => sliceOf(gradient, place)),
    );
    // What is staged when the run has its last commit is not decided any more.
    return Promise.race([push, ended.promise]);
  }
}

let ended: { promise: Promise<null>; now: () => void };

async function trained() {
  let now: () => void = () => undefined;
  const promise = new Promise<null>((resolve) => (now = () => resolve(null)));
  ended = { promise, now };
  const { hosts, failures, clock, url } = await hosting();
  const runs = [1, 2].map((number) => new TestRun(hosts, number));
  for (const run of runs) {
    await run.opened();
    run.coordinator.start();
  }
  const devices = Array.from({ length: DEVICES }, () => new TestDevice());
  const work = devices.flatMap((device) => runs.map((run) => device.workFor(run)));
  await expect
    .poll(() => runs.map(({ coordinator }) => coordinator.version), { timeout: 10_000 })
    .toEqual([COMMITS, COMMITS]);
  ended.now();
  await Promise.all(work);
  const [first, second] = runs;
  const [device] = devices;
  if (first === undefined || second === undefined || device === undefined) throw new Error('two runs');
  return { first, second, runs, devices, device, failures, clock, url };
}

describe('two runs on one shard host', () => {
  it('[SH1] come to the bits that each comes to alone, by one socket a device, and count their own traffic', async () => {
    const { runs, first, second, devices, failures, url } = await trained();
    for (const run of runs) {
      expect(await run.parameters()).toEqual(run.plain());
      for (const { terms } of run.leases.values()) expect(terms.incarnation).toBe(run.incarnation);
    }
    expect(await first.parameters()).not.toEqual(await second.parameters());
    expect(devices.map(({ opened }) => opened)).toEqual(devices.map(() => [url]));
    for (const run of runs) {
      const byShard = run.coordinator.shards.map(({ traffic }) => traffic);
      const byDevice = run.crowd.records().map(({ device }) => run.trafficOf(device));
      for (const way of ['bytesUp', 'bytesDown'] as const) {
        const total = (parts: Record<typeof way, number>[]) =>
          parts.reduce((sum, part) => sum + part[way], 0);
        expect(total(byDevice)).toBe(total(byShard));
        expect(total(byDevice)).toBeGreaterThan(0);
      }
    }
    expect(failures).toEqual([]);
  });

  it('[SH1] take no push and give no weights under the name of the other', async () => {
    const { first, second, device } = await trained();
    const before = await Promise.all([first.parameters(), second.parameters()]);
    const lease = [...first.leases.values()].at(-1) ?? expect.fail('nothing was leased');
    const { terms } = lease;
    const packFor = (incarnation: string) =>
      encodePack(
        ranges.map((range, shard) => ({
          header: { ...terms, incarnation: parseInt(incarnation, 16), shard, ...range },
          values: new Float32Array(range.length).fill(0.25),
        })),
      );
    // The terms of the first run are none of the second's.
    const renamed = { ...terms, incarnation: second.incarnation };
    const asked = await ask(device.socket, EVENTS.push, renamed, packFor(second.incarnation));
    expect(asked).toMatchObject({ outcome: 'UNKNOWN_LEASE' });
    for (const [run, parameters] of [
      [first, before[0]],
      [second, before[1]],
    ] as const) {
      const pull = { incarnation: run.incarnation, version: COMMITS };
      const { weights } = await ask(device.socket, EVENTS.pull, pull);
      const packed = ranges.map((range, shard) => ({
        header: {
          kind: 'weights' as const,
          codec: 'float32' as const,
          incarnation: parseInt(run.incarnation, 16),
          baseVersion: COMMITS,
          lease: 0,
          shard,
          ...range,
          samples: 0,
        },
        values: sliceOf(parameters, range),
      }));
      expect(new Uint8Array(weights as Uint8Array)).toEqual(encodePack(packed));
    }
    expect(await Promise.all([first.parameters(), second.parameters()])).toEqual(before);
  });

  it('[SH1] end apart: one that is closed leaves the other as it was', async () => {
    const { first, second, device } = await trained();
    const parameters = await second.parameters();
    first.close();
    const pull = (run: TestRun) =>
      ask(device.socket, EVENTS.pull, { incarnation: run.incarnation, version: COMMITS });
    await expect.poll(async () => (await pull(first))['outcome']).toBe('VERSION_GONE');
    expect(await pull(second)).toMatchObject({ outcome: 'OK', version: COMMITS });
    expect(await second.parameters()).toEqual(parameters);
  });
});
