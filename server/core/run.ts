import { joinSlices, type KeyRange } from '../../shared/model/ranges.ts';
import type { Measurement } from '../../shared/protocol/admin.ts';
import type { RunStatus, StopReason } from '../../shared/protocol/messages.ts';
import type { Clock } from './clock.ts';
import type { Coordinator } from './coordinator.ts';
import { Stopwatch } from './stopwatch.ts';
import type { OptimizerState } from './optimizer.ts';
import type { ShardPort } from './shardPort.ts';

export interface RunSettings {
  model: string;
  testImages: number;
  ranges: KeyRange[];
  /** Test accuracy at which the run stops, 0 to 1. */
  target: number | null;
  maxCommits: number | null;
  maxSeconds: number | null;
  /** Commits between evaluations; 0: only when the run stops. */
  evaluateEvery: number;
  checkpointSeconds: number;
  /** Seconds and measurements of the run that this one goes on from. */
  seconds: number;
  measurements: Measurement[];
}

/** The whole model at one version. */
export interface ModelSnapshot {
  version: number;
  samples: number;
  seconds: number;
  parameters: Float32Array;
  optimizerState: OptimizerState;
}

export interface RunParts {
  clock: Clock;
  coordinator: Coordinator;
  shards: ShardPort[];
  /** Measures parameters on all test images, in a thread of its own. */
  evaluate: (parameters: Float32Array) => Promise<{ testAccuracy: number; testLoss: number }>;
  saveCheckpoint: (snapshot: ModelSnapshot, measurements: Measurement[]) => Promise<void>;
  /** Something that people are shown has changed. */
  changed: () => void;
  /** An evaluation or a checkpoint failed; the run goes on. */
  failed: (what: string, error: unknown) => void;
}

/** Beyond this the early half is thinned out by every second. */
const MAX_MEASUREMENTS = 1000;
/** After an evaluation the next one waits this many times as long as it took: commits want the processor too. */
const EVALUATION_REST = 1;

/**
 * The life of one run: running, paused or stopped; when it is measured, kept and ended. An accuracy that ends
 * the run was measured on the very version the run ends with [RN2].
 */
export class Run {
  readonly #settings: RunSettings;
  readonly #parts: RunParts;
  readonly #watch: Stopwatch;
  readonly #measurements: Measurement[];
  #state: RunStatus['state'] = 'paused';
  #stop: StopReason | null = null;
  #busy: Promise<void> | null = null;
  /** The coordinator is frozen while the version that reached the target is measured again. */
  #confirming = false;
  #nextEvaluation = 0;
  #savedVersion: number;
  #ending: Promise<void> | null = null;
  #waiting: (() => void)[] = [];
  #cancelEnd: () => void = () => undefined;
  #cancelSave: () => void = () => undefined;

  constructor(settings: RunSettings, parts: RunParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#watch = new Stopwatch(parts.clock, settings.seconds * 1000);
    this.#measurements = [...settings.measurements];
    this.#savedVersion = parts.coordinator.version;
  }

  /** Seconds the run has been running since its first lease. */
  get seconds(): number {
    return this.#watch.milliseconds / 1000;
  }

  get measurements(): readonly Measurement[] {
    return this.#measurements;
  }

  status(): RunStatus {
    const { coordinator } = this.#parts;
    return {
      state: this.#state,
      stop: this.#stop,
      model: this.#settings.model,
      version: coordinator.version,
      samples: coordinator.samples,
      devices: coordinator.presentDevices,
      testAccuracy: this.#measurements.at(-1)?.testAccuracy ?? null,
      testImages: this.#settings.testImages,
    };
  }

  /** Starts, or goes on from a pause or a stop; a run that has all its commits ends instead [RN3]. */
  async start(): Promise<void> {
    await this.#ending;
    if (this.#state === 'running') return;
    if (this.#hasAllCommits()) return this.end('max-commits');
    this.#state = 'running';
    this.#stop = null;
    this.#saveLater();
    this.#direct();
    this.#parts.changed();
  }

  /** Grants nothing more until {@link start}; what is out may still come in. */
  pause(): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#watch.stop();
    this.#cancelTimers();
    this.#direct();
    this.#parts.changed();
  }

  /** Ends the run, measures and keeps its last version. Answers when that is done. */
  end(reason: StopReason): Promise<void> {
    if (this.#state === 'stopped') return this.#ending ?? Promise.resolve();
    this.#state = 'stopped';
    this.#stop = reason;
    this.#watch.stop();
    this.#cancelTimers();
    this.#parts.coordinator.stop();
    this.#parts.changed();
    this.#ending = this.#finish(reason).finally(() => {
      this.#ending = null;
      this.#parts.changed();
      for (const tell of this.#waiting.splice(0)) tell();
    });
    return this.#ending;
  }

  /** Answers when the run has ended and its last version is measured and kept. */
  ended(): Promise<void> {
    if (this.#state === 'stopped') return this.#ending ?? Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The coordinator granted the first lease since the start: the run's time goes on. */
  firstLease(): void {
    this.#watch.start();
    const { maxSeconds } = this.#settings;
    if (maxSeconds === null) return;
    this.#cancelEnd();
    const left = maxSeconds * 1000 - this.#watch.milliseconds;
    this.#cancelEnd = this.#parts.clock.after(left, () => void this.end('max-seconds'));
  }

  /** The coordinator committed a version. */
  committed(): void {
    if (this.#hasAllCommits()) void this.end('max-commits');
    else this.#evaluateWhenDue();
  }

  /** The model as it is after every commit so far; all shards at one version. */
  async snapshot(): Promise<ModelSnapshot> {
    const { coordinator, shards } = this.#parts;
    const { samples } = coordinator;
    const { seconds } = this;
    const slices = await Promise.all(shards.map((shard) => shard.snapshot()));
    const version = slices[0]?.version ?? 0;
    if (slices.some((slice) => slice.version !== version))
      throw new Error('shards are at different versions');
    const { ranges } = this.#settings;
    const join = (pick: (slice: (typeof slices)[number]) => Float32Array) =>
      joinSlices(ranges, slices.map(pick));
    const first = slices[0]?.optimizerState ?? { slots: {}, scalars: {} };
    const slots = Object.keys(first.slots).map((name) => [
      name,
      join((slice) => slice.optimizerState.slots[name] ?? new Float32Array(0)),
    ]);
    return {
      version,
      samples,
      seconds,
      parameters: join((slice) => slice.parameters),
      optimizerState: {
        slots: Object.fromEntries(slots) as Record<string, Float32Array>,
        scalars: first.scalars,
      },
    };
  }

  #evaluateWhenDue(): void {
    const { coordinator, clock } = this.#parts;
    const { evaluateEvery } = this.#settings;
    if (evaluateEvery === 0 || this.#busy !== null || this.#state !== 'running') return;
    const measured = this.#measurements.at(-1)?.version ?? 0;
    if (coordinator.version - measured < evaluateEvery || clock.now() < this.#nextEvaluation) return;
    this.#busy = this.#evaluateAndConfirm().finally(() => {
      this.#busy = null;
    });
  }

  async #evaluateAndConfirm(): Promise<void> {
    try {
      if (!this.#reaches(await this.#measure()) || this.#isOver()) return;
      // Commits went on meanwhile: the version that would be kept has to reach the target itself.
      this.#confirming = true;
      this.#parts.coordinator.freeze();
      if (this.#reaches(await this.#measure()) && !this.#isOver()) void this.end('target');
    } catch (error) {
      this.#parts.failed('evaluation', error);
    } finally {
      if (this.#confirming) {
        this.#confirming = false;
        this.#direct();
      }
    }
  }

  /** Has the coordinator do what the state asks for, once nothing is being confirmed. */
  #direct(): void {
    if (this.#confirming) return;
    if (this.#state === 'running') this.#parts.coordinator.start();
    else if (this.#state === 'paused') this.#parts.coordinator.pause();
  }

  /** Measures the present version, unless that was the last one measured. */
  async #measure(): Promise<Measurement> {
    const { clock, evaluate, coordinator } = this.#parts;
    const last = this.#measurements.at(-1);
    if (last?.version === coordinator.version) return last;
    const begun = clock.now();
    try {
      const { version, samples, seconds, parameters } = await this.snapshot();
      const measurement = { version, samples, seconds, ...(await evaluate(parameters)) };
      this.#keep(measurement);
      this.#parts.changed();
      return measurement;
    } finally {
      this.#nextEvaluation = clock.now() + EVALUATION_REST * (clock.now() - begun);
    }
  }

  /** A long run keeps few of its early measurements: what is shown and kept stays small. */
  #keep(measurement: Measurement): void {
    this.#measurements.push(measurement);
    if (this.#measurements.length <= MAX_MEASUREMENTS) return;
    const early = this.#measurements.splice(0, MAX_MEASUREMENTS / 2);
    this.#measurements.unshift(...early.filter((_, index) => index % 2 === 0));
  }

  async #finish(reason: StopReason): Promise<void> {
    await this.#busy;
    // Without all its shards there is nothing whole to measure or to keep.
    if (reason === 'shard-lost') return;
    try {
      await this.#measure();
    } catch (error) {
      this.#parts.failed('evaluation', error);
    }
    await this.#save();
  }

  async #save(): Promise<void> {
    try {
      if (this.#savedVersion === this.#parts.coordinator.version) return;
      const snapshot = await this.snapshot();
      await this.#parts.saveCheckpoint(snapshot, this.#measurements);
      this.#savedVersion = snapshot.version;
      this.#parts.changed();
    } catch (error) {
      this.#parts.failed('checkpoint', error);
    }
  }

  #saveLater(): void {
    this.#cancelSave = this.#parts.clock.after(this.#settings.checkpointSeconds * 1000, () => {
      void this.#save();
      this.#saveLater();
    });
  }

  #cancelTimers(): void {
    this.#cancelEnd();
    this.#cancelSave();
  }

  #hasAllCommits(): boolean {
    const { maxCommits } = this.#settings;
    return maxCommits !== null && this.#parts.coordinator.version >= maxCommits;
  }

  #reaches({ testAccuracy }: Measurement): boolean {
    return this.#settings.target !== null && testAccuracy >= this.#settings.target;
  }

  #isOver(): boolean {
    return this.#state === 'stopped';
  }
}
