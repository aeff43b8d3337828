import { randomBytes } from 'node:crypto';
import { layoutOf } from '../../shared/model/layout.ts';
import { cutKeyRanges, type KeyRange } from '../../shared/model/ranges.ts';
import type { AdminSnapshot, KeptVersion } from '../../shared/protocol/admin.ts';
import type { RunEvent } from '../../shared/protocol/events.ts';
import { RUN_STATES, STOP_REASONS, type RunState, type StopReason } from '../../shared/protocol/runState.ts';
import { measured } from '../../shared/profile/figure.ts';
import type { Clock } from '../core/clock.ts';
import type { ServerKeys } from '../core/serverKeys.ts';
import { Crowd } from '../core/crowd/crowd.ts';
import type { LiveSettings } from '../core/liveSettings.ts';
import type { Recompute } from '../core/run/recomputation.ts';
import { Coordinator } from '../core/run/coordinator.ts';
import { MODES } from '../core/policy/modes.ts';
import { Placement } from '../core/placement/placement.ts';
import type { Solve } from '../core/placement/program.ts';
import type { ModelSnapshot } from '../core/run/modelSnapshot.ts';
import { Run } from '../core/run/run.ts';
import { Throughput } from '../core/run/throughput.ts';
import type { DataShardRef } from '../core/unit.ts';
import { createWork } from '../core/run/work.ts';
import type { RunRecord } from '../store/runs.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { Evaluator } from '../threads/evaluator.ts';
import { guardOf } from './guardOf.ts';
import { placementOf } from './placementOf.ts';
import { aggregationOf, policyOf } from './policyOf.ts';
import { auditReportOf, auditsOf } from './auditsOf.ts';
import { keptStateOf, keptVersions } from './keptVersions.ts';
import { referenceNorm } from './referenceNorm.ts';
import { RunEvents } from './runEvents.ts';
import type { RunInit, RunShards } from './runShards.ts';
import type { StartState } from './startState.ts';
import { liveSettingsOf } from '../config/changes.ts';
import { settingsOf, shardCount, type Config } from '../config/config.ts';
import type { Calendar } from './machineTime.ts';

/** Far above any gradient that training meets; a bound against nonsense, not a clip. */
const MAX_NORM = 1e4;

export interface TrainingParts {
  keys: ServerKeys;
  clock: Clock;
  calendar: Calendar;
  start: StartState;
  dataShards: DataShardRef[];
  testImages: number;
  evaluator: Pick<Evaluator, 'evaluate'>;
  /** Computes units again; null where their data are not the server's, or audits are turned off [AT12]. */
  recompute: Recompute | null;
  /** Measures on a sample of the test images; null where the run has no guard. */
  sampler: Pick<Evaluator, 'evaluate'> | null;
  /** Solves the programs of placement. */
  solve: Solve;
  /** What outlasts the process of the run. */
  record: RunRecord;
  /** Where the parameters live. */
  shards: RunShards;
  /** Keeps events of the run with this id. */
  keepEvents: (run: string, events: readonly RunEvent[]) => Promise<void>;
  log: (line: string) => void;
}

/** How a run that stood in a state is brought there again; it is paused at first. */
const BEGINNINGS: Readonly<Record<RunState, (run: Run, stop: StopReason | null) => Promise<void>>> = {
  running: (run) => run.start(),
  paused: () => Promise.resolve(),
  stopped: (run, stop) => run.stop(stop ?? 'stopped'),
};

/** Whether it is time to keep that a run stopped. */
const IS_KEPT: Readonly<Record<(typeof STOP_REASONS)[StopReason]['kept'], (run: Run) => boolean>> = {
  'at once': () => true,
  'with the last version': (run) => !run.isEnding,
  never: () => false,
};

/** One run and what it is made of, apart from how it is reached. */
export class Training {
  /** The run's durable id. */
  readonly id: string;
  /** New at each start of the server. */
  readonly incarnation = randomBytes(4).toString('hex');
  readonly ranges: KeyRange[];
  readonly crowd: Crowd;
  readonly coordinator: Coordinator;
  readonly run: Run;
  readonly events: RunEvents;
  readonly #config: Config;
  readonly #parts: TrainingParts;
  readonly #throughput: Throughput;
  #checkpoint: AdminSnapshot['checkpoint'];
  #checkpointFailure: AdminSnapshot['checkpointFailure'] = null;
  #kept: Promise<void> = Promise.resolve();
  readonly #watchers: (() => void)[] = [];
  #snapshots = 0;

  constructor(config: Config, parts: TrainingParts) {
    this.#config = config;
    this.#parts = parts;
    this.#throughput = new Throughput(parts.clock);
    const { version, savedAt } = parts.start;
    this.#checkpoint = savedAt === null ? null : { version, savedAt };
    this.id = parts.record.run;
    this.ranges = rangesOf(config);
    this.crowd = new Crowd({ key: parts.keys.resumeTokens, maxDevices: config.maxDevices }, () =>
      randomBytes(6).toString('hex'),
    );
    const { clock, calendar, keepEvents, log } = parts;
    const append = (events: readonly RunEvent[]) => keepEvents(this.id, events);
    this.events = new RunEvents({ clock, calendar, append, log });
    this.events.follow(this.crowd);
    this.coordinator = this.#createCoordinator();
    this.run = this.#createRun();
  }

  /** Who gets which work. */
  get placement(): Placement {
    return this.coordinator.placement;
  }

  /** Has the run stand as it did when its server ended: it trains unless it was paused or stopped. */
  async begin(): Promise<void> {
    const { state, stop } = this.#parts.start;
    this.#refer();
    await BEGINNINGS[state](this.run, stop);
  }

  /** The versions that the run can be rolled back to. */
  keptVersions(): Promise<KeptVersion[]> {
    const marked = this.coordinator.marks.good;
    return keptVersions({ record: this.#parts.record, marked, measurements: this.run.measurements });
  }

  /** Answers when how the run stands now is kept, or that has failed, which is told. */
  kept(): Promise<void> {
    return this.#kept;
  }

  /** The settings in force. */
  get config(): Config {
    return { ...this.#config, ...this.coordinator.settings };
  }

  /** Keeps settings for the next start of the run. @throws {StoreError} where they cannot be written. */
  keepSettings(settings: LiveSettings): Promise<void> {
    return this.#parts.record.keepSettings(settingsOf({ ...this.#config, ...settings }));
  }

  /** Has the listener called whenever something that people are shown has changed. */
  watch(listener: () => void): void {
    this.#watchers.push(listener);
  }

  /** What the admin is shown. */
  snapshot(): AdminSnapshot {
    const rate = this.#throughput.perSecond();
    const { devices: reports, ...placement } = this.placement.report();
    const allocations = new Map(reports.map((report) => [report.device, report]));
    return {
      run: this.id,
      incarnation: this.incarnation,
      sequence: this.#snapshots++,
      status: this.run.status(),
      settings: settingsOf(this.config),
      seconds: this.run.seconds,
      samplesPerSecond: rate.samples,
      commitsPerSecond: rate.commits,
      bytesUp: this.coordinator.shards.reduce((sum, { traffic }) => sum + traffic.bytesUp, 0),
      bytesDown: this.coordinator.shards.reduce((sum, { traffic }) => sum + traffic.bytesDown, 0),
      devices: this.crowd.records().map((record) => {
        const { uplink, ...traffic } = this.#parts.shards.trafficOf(record.device);
        const figures = { ...record.figures, uplink: measured(uplink) };
        return { ...record, figures, traffic, allocation: allocations.get(record.device) ?? null };
      }),
      placement,
      measurements: [...this.run.measurements],
      audits: auditReportOf(this.coordinator.audits.figures),
      checkpoint: this.#checkpoint,
      checkpointFailure: this.#checkpointFailure,
    };
  }

  /** Computes a first unit, where strangers may join and units can be computed again [NB7]. */
  #refer(): void {
    const { start, dataShards, recompute, log } = this.#parts;
    const isOpen = this.#config.open || this.#config.join === '';
    if (!isOpen || recompute === null) return;
    this.coordinator.expectReference();
    referenceNorm(this.#config, start, dataShards, recompute).then(
      (reference) => this.coordinator.referred(reference),
      (error: unknown) => {
        log(`a first unit could not be computed: ${systemErrorMessage(error)}`);
        this.coordinator.referred(null);
      },
    );
  }

  #leaseKey(): Uint8Array {
    return this.#parts.keys.leasesOf(this.incarnation);
  }

  #createCoordinator(): Coordinator {
    const { clock, start, dataShards, solve, shards, recompute, log } = this.#parts;
    const { version, updates, samples } = start;
    const { batch, local, seed, repeatable, codec } = this.#config;
    const settings = liveSettingsOf(this.#config);
    // A repeatable run that is resumed goes on as if it had never ended.
    const startUpdates = repeatable ? 0 : updates;
    return new Coordinator(
      {
        incarnation: this.incarnation,
        key: this.#leaseKey(),
        ranges: this.ranges,
        codec,
        version,
        updates,
        samples,
        settings,
        maxNorm: MAX_NORM,
        boundsNorms: !repeatable,
      },
      {
        clock,
        policy: policyOf(this.#config),
        aggregation: aggregationOf(this.#config),
        work: createWork(dataShards, { batch, local, seed, startUpdates }),
        crowd: this.crowd,
        placement: (replanned) =>
          new Placement(placementOf(this.#config, dataShards, this.ranges), {
            clock,
            solve,
            crowd: this.crowd,
            replanned: () => {
              replanned();
              this.events.plan(this.placement.report());
            },
          }),
        shards: (reports) =>
          shards.open(this.#initOfShards(), reports, (error) => {
            log(error.message);
            void this.run.stop('shard-lost');
          }),
        audits: auditsOf(this.#config, {
          recompute,
          secret: this.#leaseKey(),
          found: (finding) => this.events.audited(finding),
          log,
        }),
        undermined: (version) => this.run.undermined(version),
        suspected: () => this.run.suspected(),
        committed: () => {
          this.#throughput.mark(this.coordinator.updates, this.coordinator.samples);
          this.run.committed();
        },
        firstLease: () => this.run.firstLease(),
      },
    );
  }

  #createRun(): Run {
    const { spec, checkpointSeconds, repeatable, guardJump: jump } = this.#config;
    const { clock, start, testImages, evaluator, sampler, log } = this.#parts;
    return new Run(
      {
        model: spec.name,
        testImages,
        ranges: this.ranges,
        repeatable,
        checkpointSeconds,
        seconds: start.seconds,
        measurements: start.measurements,
      },
      {
        clock,
        coordinator: this.coordinator,
        devices: () => this.crowd.size,
        evaluate: (parameters) => evaluator.evaluate(parameters),
        keptState: (version) => keptStateOf(this.#parts.record, version),
        saveCheckpoint: (snapshot) => this.#save(snapshot),
        measured: (measurement) => this.#keep(() => this.#parts.record.addMeasurement(measurement)),
        changed: () => {
          this.events.state(this.run.status());
          this.#throughput.follow(RUN_STATES[this.run.status().state].trains);
          this.#keepState();
          for (const listener of this.#watchers) listener();
        },
        guard: (run) =>
          guardOf({ clock, coordinator: this.coordinator, jump, sampler, events: this.events, log }, run),
        evaluationFailed: (error) => log(`evaluation failed: ${systemErrorMessage(error)}`),
        saveFailed: (error) => {
          const failedAt = this.#parts.calendar.today().toISOString();
          this.#checkpointFailure = { failedAt, reason: systemErrorMessage(error) };
          log(`checkpoint failed: ${systemErrorMessage(error)}`);
          this.events.saveFailed(systemErrorMessage(error));
        },
      },
    );
  }

  #initOfShards(): RunInit {
    const { version, updates, parameters, optimizerState } = this.#parts.start;
    const { optimizer: kind, lr, momentum, average, mode, deviceMomentum } = this.#config;
    const init = {
      ranges: this.ranges,
      incarnation: this.incarnation,
      key: this.#leaseKey(),
      version,
      updates,
      parameters,
      optimizer: { kind, lr, momentum },
      average,
      deviceMomentum,
      products: aggregationOf(this.#config).needsProducts && MODES[mode].sizedBy !== null,
    };
    return optimizerState === undefined ? init : { ...init, optimizerState };
  }

  /** Keeps how the run stands; an end of the server is no end of the run [RN20]. */
  #keepState(): void {
    const { state, stop } = this.run.status();
    if (stop !== null && !IS_KEPT[STOP_REASONS[stop].kept](this.run)) return;
    this.#keep(() => this.#parts.record.keepState(state, stop));
  }

  /** Keeps something of the run; a failure is told, and the run goes on. */
  #keep(keep: () => Promise<void>): void {
    this.#kept = Promise.all([this.#kept, keep()]).then(
      () => undefined,
      (error: unknown) => this.#parts.log(systemErrorMessage(error)),
    );
  }

  async #save(snapshot: ModelSnapshot): Promise<void> {
    const { optimizerState, settings, ...rest } = snapshot;
    const savedAt = this.#parts.calendar.today().toISOString();
    await this.#parts.record.save({
      ...rest,
      settings: settingsOf({ ...this.#config, ...settings }),
      model: this.#config.spec,
      optimizer: optimizerState,
      savedAt,
    });
    this.#checkpoint = { version: snapshot.version, savedAt };
    this.#checkpointFailure = null;
    this.events.saved(snapshot.version);
  }
}

/** How the parameters of a run are cut into shards. */
export function rangesOf(config: Config): KeyRange[] {
  return cutKeyRanges(layoutOf(config.spec).length, shardCount(config));
}
