import type { CodecName } from '../../../shared/codec/codecs.ts';
import { cutKeyRanges, sliceOf, type KeyRange } from '../../../shared/model/ranges.ts';
import type { Lease } from '../../../shared/protocol/messages.ts';
import type { Selector } from '../../../shared/protocol/placement.ts';
import { createAggregation, type BoundedVoices } from '../aggregation/aggregation.ts';
import { RULE_SETTINGS } from '../aggregation/testing/joined.ts';
import type { RuleSettings } from '../aggregation/rule.ts';
import type { AggregationName } from '../aggregation/rules.ts';
import type { Clock } from '../clock.ts';
import { Crowd } from '../crowd/crowd.ts';
import { Coordinator } from '../run/coordinator.ts';
import type { RunAudits } from '../run/runAudits.ts';
import { Placement } from '../placement/placement.ts';
import type { OptimizerSettings } from '../shard/optimizer.ts';
import type { PlacementMethod } from '../../../shared/protocol/placement.ts';
import type { LiveSettings } from '../liveSettings.ts';
import type { Mode } from '../policy/modes.ts';
import type { RunShape } from '../placement/plan.ts';
import type { Solve } from '../placement/program.ts';
import type { Policy } from '../policy/policy.ts';
import { Shard } from '../shard/shard.ts';
import type { DataShardRef } from '../unit.ts';
import { createWork, type LocalSchedule } from '../run/work.ts';
import { PLAIN_OPTIMIZER, PlainReplay } from './plainModel.ts';
import { Ledger, RecordedShard, Recorder } from './recorder.ts';
import { asyncPolicy, LIMITS } from './policies.ts';

export const KEY = new Uint8Array(32).fill(7);
export const INCARNATION = '0badcafe';
export const BATCH = 32;
const DATA_SHARDS = 7;

/** Data shards by number alone. */
export function dataShards(count: number, samples = 100): DataShardRef[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    path: `/data/${'0'.repeat(32)}.bin`,
    samples,
  }));
}

export interface WorldOptions {
  policy?: Policy;
  /** The mean where none is named. */
  aggregation?: AggregationName;
  /** The usual ones where none are named. */
  ruleSettings?: RuleSettings;
  shards?: number;
  maxNorm?: number;
  /** No where it is not named. */
  boundsNorms?: boolean;
  /** As of a run that is not repeatable where none is named. */
  bounded?: BoundedVoices;
  /** Float32 where none is named. */
  codec?: CodecName;
  /** As placement is told; sync where none is named. */
  mode?: Mode;
  /** Uniform where none is named. */
  placement?: PlacementMethod;
  /** One where none is named. */
  minWorkers?: number;
  /** Any device will do where none is named. */
  requires?: Selector;
  prefers?: Selector;
  /** Bytes a millisecond that all devices share; as many as they like where none is named. */
  link?: number;
  /** Has no answer where none is named. */
  solve?: Solve;
  maxDevices?: number;
  /** No where it is not named. */
  repeatable?: boolean;
  /** Local steps of every unit; none asks for gradients. */
  local?: LocalSchedule;
  /** Of the settings that may change, those that are other than {@link UNLIMITED}. */
  live?: Partial<LiveSettings>;
  /** Nothing is audited where none are named. */
  audits?: RunAudits;
  /** Other than the plain model's: {@link World.plain} cannot be asked then. */
  optimizer?: OptimizerSettings;
  /** The model is the newest parameters where none is named. */
  average?: number;
  /** 0 where none is named. */
  deviceMomentum?: number;
}

interface TestServerParts {
  /** Lives before this one: each has ids and secrets of its own. */
  life: number;
  clock: Clock;
  committed: () => void;
  undermined: (version: number) => void;
  suspected: () => void;
  firstLease: () => void;
}

/** One life of a server: a coordinator and its shards, and all that they were told. */
export class TestServer {
  readonly ranges: KeyRange[];
  readonly shards: Shard[] = [];
  readonly ports: RecordedShard[] = [];
  readonly crowd: Crowd;
  readonly coordinator: Coordinator;
  readonly ledger = new Ledger();
  readonly recorder = new Recorder(0);
  readonly leases = new Map<number, Lease>();
  readonly #replay: PlainReplay;
  #alive = true;
  #minted = 0;

  constructor(
    options: WorldOptions,
    readonly initial: Float32Array,
    parts: TestServerParts,
  ) {
    const { policy = asyncPolicy(), shards = 2, maxNorm = 1e4, maxDevices = 100 } = options;
    const { codec = 'float32' } = options;
    const clock = this.#clockOf(parts.clock);
    const { life } = parts;
    const incarnation = life === 0 ? INCARNATION : (life - 1).toString(16).padStart(8, '0');
    const key = KEY.map((byte) => byte + life);
    this.#replay = new PlainReplay(initial);
    this.ranges = cutKeyRanges(initial.length, shards);
    const aggregation = createAggregation(
      options.aggregation ?? 'mean',
      options.ruleSettings ?? RULE_SETTINGS,
      options.bounded,
    );
    this.crowd = new Crowd({ key, maxDevices }, () =>
      (2 ** 24 * life + ++this.#minted).toString(16).padStart(12, '0'),
    );
    this.coordinator = new Coordinator(
      {
        incarnation,
        key,
        ranges: this.ranges,
        codec,
        version: 0,
        updates: 0,
        samples: 0,
        settings: settingsOfWorld(options),
        maxNorm,
        boundsNorms: options.boundsNorms ?? false,
      },
      {
        clock,
        policy,
        aggregation,
        work: createWork(dataShards(DATA_SHARDS), {
          batch: BATCH,
          local: options.local ?? null,
          seed: 3,
          startUpdates: 0,
        }),
        crowd: this.crowd,
        placement: (replanned) =>
          new Placement(
            {
              method: options.placement ?? 'uniform',
              budgetMs: 100,
              repeatable: options.repeatable ?? false,
              shape: shapeOf(options, initial.length),
            },
            {
              clock,
              solve: options.solve ?? (() => Promise.resolve({ chosen: null, status: 'no solver here' })),
              crowd: this.crowd,
              replanned,
            },
          ),
        shards: (reports) => {
          const products = aggregation.needsProducts;
          const { deviceMomentum = 0 } = options;
          const begin = { version: 0, updates: 0 };
          const common = { ranges: this.ranges, incarnation, key, ...begin, products, deviceMomentum };
          const optimizer = options.optimizer ?? PLAIN_OPTIMIZER;
          const average = options.average ?? null;
          return this.ranges.map((range, index) => {
            const parameters = sliceOf(initial, range);
            const shard = new Shard({ ...common, index, parameters, optimizer, average }, clock, reports);
            const port = new RecordedShard(shard, this.recorder);
            this.shards.push(shard);
            this.ports.push(port);
            return port;
          });
        },
        audits: options.audits ?? null,
        undermined: parts.undermined,
        suspected: parts.suspected,
        committed: parts.committed,
        firstLease: parts.firstLease,
      },
    );
  }

  /** The parameters of every version as a plain model computes them from the commit records. */
  plain(): readonly Float32Array[] {
    return this.#replay.versions(this.recorder.records, this.leases);
  }

  /** Nothing happens in it any more. */
  die(): void {
    this.#alive = false;
  }

  #clockOf(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      after: (milliseconds, task) => clock.after(milliseconds, () => this.#alive && task()),
    };
  }
}

/** Nothing measures or ends the run; the rates are the plain model's. */
const UNLIMITED: LiveSettings = {
  target: null,
  maxCommits: null,
  maxSeconds: null,
  evaluateEvery: 0,
  optimizer: PLAIN_OPTIMIZER.kind,
  lr: PLAIN_OPTIMIZER.lr,
  momentum: PLAIN_OPTIMIZER.momentum,
  localLr: null,
  localMomentum: null,
  localDecay: null,
};

/** The settings in force at the start of a world. */
export function settingsOfWorld({ live, local }: WorldOptions): LiveSettings {
  const rates = local && { localLr: local.lr, localMomentum: local.momentum, localDecay: local.decay };
  return { ...UNLIMITED, ...rates, ...live };
}

function shapeOf(options: WorldOptions, parameters: number): RunShape {
  return {
    mode: options.mode ?? 'sync',
    batch: BATCH,
    steps: options.local?.steps ?? null,
    elastic: true,
    bytesPerUnit: 8 * parameters,
    dataShards: dataShards(DATA_SHARDS),
    bytesPerDataShard: 78_500,
    minWorkers: options.minWorkers ?? 1,
    maxMs: LIMITS.capMs / 2,
    link: options.link ?? null,
    roundOverheadMs: 0,
    requires: options.requires ?? {},
    prefers: options.prefers ?? {},
  };
}
