import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Measurement } from '../../../shared/protocol/admin.ts';
import type { RunStatus } from '../../../shared/protocol/messages.ts';
import {
  RUN_STATES,
  STOP_REASONS,
  type RunState,
  type StopReason,
} from '../../../shared/protocol/runState.ts';
import type { Clock } from '../clock.ts';
import type { LiveChanges } from '../liveSettings.ts';
import type { Coordinator } from './coordinator.ts';
import { Evaluations } from './evaluations.ts';
import type { Guard, GuardedRun } from './guard.ts';
import type { KeptState } from './marks.ts';
import { Rollback } from './rollback.ts';
import { takeSnapshot, type ModelSnapshot } from './modelSnapshot.ts';
import { Saves, type SaveOutcome } from './saves.ts';
import { Stopwatch } from '../stopwatch.ts';

export interface RunSettings {
  model: string;
  testImages: number;
  ranges: KeyRange[];
  /** Nothing of what it comes to may depend on how long anything takes. */
  repeatable: boolean;
  checkpointSeconds: number;
  /** Seconds and measurements of the run that this one goes on from. */
  seconds: number;
  measurements: readonly Measurement[];
}

export interface RunParts {
  clock: Clock;
  coordinator: Coordinator;
  /** Devices with a connection. */
  devices: () => number;
  /** Measures parameters on all test images, in a thread of its own. */
  evaluate: (parameters: Float32Array) => Promise<{ testAccuracy: number; testLoss: number }>;
  /** The state of a version that a checkpoint keeps. @throws {RollbackError} where it cannot be had. */
  keptState: (version: number) => Promise<KeptState>;
  saveCheckpoint: (snapshot: ModelSnapshot) => Promise<void>;
  /** A version was measured. */
  measured: (measurement: Measurement) => void;
  /** Something that people are shown has changed. */
  changed: () => void;
  /** The run goes on without this measurement. */
  evaluationFailed: (error: unknown) => void;
  /** Makes what watches over the model of the run; null: nothing does. */
  guard: (run: GuardedRun) => Guard | null;
  /** The run goes on, and what is newer than the checkpoint before is not kept. */
  saveFailed: (error: unknown) => void;
}

/** What each state asks of the coordinator; it was stopped already where the run is. */
const DIRECTIONS: Record<RunState, (coordinator: Coordinator) => void> = {
  running: (coordinator) => coordinator.start(),
  paused: (coordinator) => coordinator.pause(),
  stopped: () => undefined,
};

/**
 * The life of one run: running, paused or stopped; when it is measured, kept and ended. An accuracy that ends
 * the run was measured on the very version the run ends with [RN2].
 */
export class Run {
  readonly #settings: RunSettings;
  readonly #parts: RunParts;
  readonly #watch: Stopwatch;
  readonly #evaluations: Evaluations;
  readonly #saves: Saves;
  #state: RunState = 'paused';
  #lostShard = false;
  #stopReason: StopReason | null = null;
  #ending: Promise<void> | null = null;
  readonly #rollback: Rollback;
  readonly #guard: Guard | null;
  #waiting: (() => void)[] = [];
  #cancelEnd: () => void = () => undefined;

  constructor(settings: RunSettings, parts: RunParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#watch = new Stopwatch(parts.clock, settings.seconds * 1000);
    const { clock, coordinator, keptState } = parts;
    this.#evaluations = new Evaluations({
      clock,
      coordinator,
      repeatable: settings.repeatable,
      measurements: settings.measurements,
      snapshot: () => this.snapshot(),
      evaluate: parts.evaluate,
      trains: () => RUN_STATES[this.#state].trains,
      isOver: () => this.#isOver(),
      confirmed: () => this.#direct(),
      reached: () => void this.stop('target'),
      measured: (measurement) => {
        parts.measured(measurement);
        parts.changed();
      },
      failed: parts.evaluationFailed,
    });
    this.#rollback = new Rollback({ coordinator, keptState, isOver: () => this.#isOver() });
    this.#guard = parts.guard({
      trains: () => RUN_STATES[this.#state].trains,
      snapshot: () => this.snapshot(),
      rollBack: (version) => this.#bringBack(version),
      pause: () => this.pause(),
    });
    this.#saves = new Saves({
      clock,
      everyMs: settings.checkpointSeconds * 1000,
      version: () => coordinator.version,
      save: () => this.#save(),
      changed: parts.changed,
      failed: parts.saveFailed,
    });
  }

  /** Whether a part of the model is gone: the run cannot go on [RN18]. */
  get lostShard(): boolean {
    return this.#lostShard;
  }

  /** It has stopped, and its last version is not yet measured and kept. */
  get isEnding(): boolean {
    return this.#isOver() && (this.#ending !== null || this.#saves.behind);
  }

  /** Seconds the run has been running since its first lease. */
  get seconds(): number {
    return this.#watch.milliseconds / 1000;
  }

  get measurements(): readonly Measurement[] {
    return this.#evaluations.measurements;
  }

  status(): RunStatus {
    const { coordinator } = this.#parts;
    return {
      state: this.#state,
      stop: this.#stopReason,
      model: this.#settings.model,
      version: coordinator.version,
      updates: coordinator.updates,
      samples: coordinator.samples,
      devices: this.#parts.devices(),
      testAccuracy: this.#evaluations.last?.testAccuracy ?? null,
      testImages: this.#settings.testImages,
    };
  }

  /** Starts, or goes on from a pause or a stop; a run that has all its commits ends instead [RN3]. */
  async start(): Promise<void> {
    await this.#ending;
    if (this.#lostShard || RUN_STATES[this.#state].trains) return;
    if (this.#hasAllCommits()) return this.stop('max-commits');
    this.#state = 'running';
    this.#stopReason = null;
    this.#saves.start();
    this.#guard?.begin();
    this.#direct();
    this.#parts.changed();
  }

  /** Grants nothing more until {@link start}; what is out may still come in. */
  pause(): void {
    if (!RUN_STATES[this.#state].trains) return;
    this.#state = 'paused';
    this.#watch.stop();
    this.#cancelTimers();
    this.#direct();
    this.#parts.changed();
  }

  /**
   * Stops the run, measures and keeps its last version. Answers when that is done. Of a run that is stopped, it tries
   * again to keep what could not be kept [RN6].
   */
  stop(reason: StopReason): Promise<void> {
    if (!STOP_REASONS[reason].isWhole) this.#lostShard = true;
    if (this.#isOver()) return this.#ending ?? this.#saveLast();
    this.#state = 'stopped';
    this.#stopReason = reason;
    this.#watch.stop();
    this.#cancelTimers();
    this.#parts.coordinator.stop();
    this.#ending = this.#finish(reason).finally(() => {
      this.#ending = null;
      this.#parts.changed();
      for (const tell of this.#waiting.splice(0)) tell();
    });
    this.#parts.changed();
    return this.#ending;
  }

  /**
   * Brings back the state of an earlier version as the next one, and saves that: of one that is marked at once, of
   * another from its checkpoint [RS4].
   * @returns the version that it makes; a save that fails is told.
   * @throws {RollbackError} where it cannot be had, or the run has ended meanwhile: nothing has changed then.
   */
  async rollBack(version: number): Promise<number> {
    const made = await this.#bringBack(version);
    this.#guard?.forget();
    return made;
  }

  async #bringBack(version: number): Promise<number> {
    const made = await this.#rollback.to(version);
    this.#evaluations.undone();
    this.#parts.changed();
    await this.save();
    return made;
  }

  /** Saves the model as it is now, unless that version is saved; answers when that is done or has failed [AD15]. */
  save(): Promise<SaveOutcome> {
    if (this.#lostShard && this.#saves.behind) {
      return Promise.resolve({ saved: false, error: new Error('a shard was lost, the model is not whole') });
    }
    return this.#saves.save();
  }

  /** Answers when the run has ended and its last version is measured and kept. */
  ended(): Promise<void> {
    if (this.#isOver()) return this.#ending ?? Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** It does nothing on its own from now on: what it would be kept in is closed. */
  close(): void {
    this.#cancelTimers();
    this.#guard?.close();
    this.#saves.close();
  }

  /** The coordinator granted the first lease since the start: the run's time goes on. */
  firstLease(): void {
    this.#watch.start();
    this.#endInTime();
  }

  /** Has settings take other values from the next version on, and does what follows from them [CF5]. */
  configure(changes: LiveChanges): void {
    this.#parts.coordinator.configure(changes);
    if (this.#watch.running) this.#endInTime();
    if (!this.#isOver() && this.#hasAllCommits()) void this.stop('max-commits');
    this.#parts.changed();
  }

  /** The coordinator committed a version. */
  committed(): void {
    if (this.#hasAllCommits()) {
      void this.stop('max-commits');
      return;
    }
    this.#evaluations.whenDue();
    this.#guard?.whenDue();
  }

  /** Most devices sent what could not be part of the model [GU11]. */
  suspected(): void {
    this.#guard?.suspect();
  }

  /** Updates that decided the commit of this version were found wrong [GU8]. */
  undermined(version: number): void {
    this.#guard?.undermined(version);
  }

  /** The model as it is after every commit so far; all shards at one version. */
  snapshot(): Promise<ModelSnapshot> {
    const { coordinator } = this.#parts;
    const { updates, samples, settings } = coordinator;
    const { seconds } = this;
    return takeSnapshot(coordinator.shards, this.#settings.ranges, { updates, samples, settings, seconds });
  }

  /** Has the coordinator do what the state asks for, once nothing is being confirmed. */
  #direct(): void {
    if (this.#evaluations.isConfirming) return;
    DIRECTIONS[this.#state](this.#parts.coordinator);
  }

  async #finish(reason: StopReason): Promise<void> {
    await this.#evaluations.settled();
    if (!STOP_REASONS[reason].isWhole) return;
    await this.#evaluations.measureLast();
    await this.save();
    // The disk may be in order again before the command ends.
    if (this.#saves.behind) this.#saves.start();
  }

  async #saveLast(): Promise<void> {
    await this.save();
  }

  async #save(): Promise<number> {
    const { coordinator, saveCheckpoint } = this.#parts;
    const { version } = coordinator;
    coordinator.marks.mark(coordinator);
    try {
      const snapshot = await this.snapshot();
      await saveCheckpoint(snapshot);
      void this.#evaluations.measureSaved(snapshot);
      return version;
    } catch (error) {
      coordinator.marks.judge(version, false);
      throw error;
    }
  }

  #cancelTimers(): void {
    this.#cancelEnd();
    this.#saves.stop();
  }

  /** Ends the run when its time is over. */
  #endInTime(): void {
    this.#cancelEnd();
    const { maxSeconds } = this.#parts.coordinator.settings;
    if (maxSeconds === null) return;
    const left = Math.max(0, maxSeconds * 1000 - this.#watch.milliseconds);
    this.#cancelEnd = this.#parts.clock.after(left, () => void this.stop('max-seconds'));
  }

  #hasAllCommits(): boolean {
    const { updates, settings } = this.#parts.coordinator;
    return settings.maxCommits !== null && updates >= settings.maxCommits;
  }

  #isOver(): boolean {
    return RUN_STATES[this.#state].isOver;
  }
}
