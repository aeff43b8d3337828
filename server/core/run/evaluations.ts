import type { Measurement } from '../../../shared/protocol/admin.ts';
import type { Clock } from '../clock.ts';
import type { Coordinator } from './coordinator.ts';
import { MEASURING, measuringOf } from './measuring.ts';
import { Measurements } from './measurements.ts';
import type { ModelSnapshot } from './modelSnapshot.ts';

/** What a measurement finds, of all test images. */
type Quality = Pick<Measurement, 'testAccuracy' | 'testLoss'>;

export interface EvaluationsParts {
  clock: Clock;
  coordinator: Coordinator;
  /** Nothing of what the run comes to may depend on how long anything takes. */
  repeatable: boolean;
  /** Those of the run that this one goes on from. */
  measurements: readonly Measurement[];
  /** The model as it is after every commit so far. */
  snapshot: () => Promise<ModelSnapshot>;
  /** Measures parameters on all test images, in a thread of its own. */
  evaluate: (parameters: Float32Array) => Promise<Quality>;
  /** Whether the run trains now. */
  trains: () => boolean;
  /** Whether the run has ended. */
  isOver: () => boolean;
  /** Commits may go on as the state of the run has it: nothing is being confirmed any more. */
  confirmed: () => void;
  /** The present version was measured and reaches the target [RN2]. */
  reached: () => void;
  /** A version was measured. */
  measured: (measurement: Measurement) => void;
  /** The run goes on without this measurement. */
  failed: (error: unknown) => void;
}

/** After an evaluation the next one waits this many times as long as it took: commits want the processor too. */
const EVALUATION_REST = 1;

/** When a run is measured, and what that said: one evaluation at a time, none of a version that is measured. */
export class Evaluations {
  readonly #parts: EvaluationsParts;
  readonly #measurements: Measurements;
  /** Update records at the last measurement. */
  #measured: number;
  #busy: Promise<void> | null = null;
  /** The last evaluation asked for: they are done in order. */
  #last: Promise<unknown> = Promise.resolve();
  #confirming = false;
  #next = 0;

  constructor(parts: EvaluationsParts) {
    this.#parts = parts;
    this.#measurements = new Measurements(parts.measurements);
    const { version, updates } = parts.coordinator;
    this.#measured = updates - (version - (this.#measurements.last?.version ?? 0));
  }

  get measurements(): readonly Measurement[] {
    return this.#measurements.all;
  }

  get last(): Measurement | undefined {
    return this.#measurements.last;
  }

  /** The coordinator is frozen while the version that reached the target is measured again. */
  get isConfirming(): boolean {
    return this.#confirming;
  }

  /** Answers when the measurement that is under way is over. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  /** Measures the present version where that is due. */
  whenDue(): void {
    const { coordinator, clock, trains } = this.#parts;
    const { evaluateEvery } = coordinator.settings;
    if (evaluateEvery === 0 || this.#busy !== null || !trains()) return;
    const { updates } = coordinator;
    const moment = { updates, measured: this.#measured, rested: clock.now() >= this.#next };
    if (!this.#traits.isDue(moment, evaluateEvery)) return;
    this.#busy = this.#evaluate().finally(() => {
      this.#busy = null;
    });
  }

  /** What was measured last is undone: the next measurement is due at once. */
  undone(): void {
    this.#measured = -Infinity;
    this.whenDue();
  }

  /** Measures the present version, unless that was the last one measured. A failure is told. */
  async measureLast(): Promise<void> {
    try {
      await this.#measure();
    } catch (error) {
      this.#parts.failed(error);
    }
  }

  /**
   * Measures a version that was saved and marked, so that it is known how good it is [CK27], and keeps its mark where it
   * is good. A failure is told.
   */
  async measureSaved(snapshot: ModelSnapshot): Promise<void> {
    const { coordinator, failed } = this.#parts;
    let good = false;
    try {
      good = await this.#isGood(snapshot);
    } catch (error) {
      failed(error);
    }
    coordinator.marks.judge(snapshot.version, good);
  }

  /** Measures a version, unless it or a later one is measured. @returns whether it was, and is good. */
  async #isGood(snapshot: ModelSnapshot): Promise<boolean> {
    const isMeasured = () => (this.last?.version ?? 0) >= snapshot.version;
    const { evaluateEvery } = this.#parts.coordinator.settings;
    if (evaluateEvery === 0 || !this.#traits.goesOn || isMeasured()) return false;
    const quality = await this.#evaluateNext(snapshot.parameters);
    return !isMeasured() && this.#add(snapshot, quality).isGood;
  }

  async #evaluate(): Promise<void> {
    const { coordinator, isOver, reached, confirmed, failed } = this.#parts;
    try {
      // Where commits go on meanwhile, the version that would be kept has to reach the target itself.
      const { goesOn } = this.#traits;
      if (goesOn && (!this.#reaches(await this.#measure()) || isOver())) return;
      this.#confirming = true;
      coordinator.freeze();
      const measured = await this.#measure();
      // A restore meanwhile makes another version [RN2].
      const isPresent = measured.version === coordinator.version;
      if (isPresent && this.#reaches(measured) && !isOver()) reached();
    } catch (error) {
      failed(error);
    } finally {
      if (this.#confirming) {
        this.#confirming = false;
        confirmed();
      }
    }
  }

  /** Measures the present version, unless that was the last one measured, and keeps its mark where it is good. */
  async #measure(): Promise<Measurement> {
    const { clock, coordinator, snapshot } = this.#parts;
    if (this.last?.version === coordinator.version) return this.last;
    const begun = clock.now();
    const { version } = coordinator;
    coordinator.marks.mark(coordinator);
    let good = false;
    try {
      const model = await snapshot();
      const { measurement, isGood } = this.#add(model, await this.#evaluateNext(model.parameters));
      good = isGood;
      return measurement;
    } finally {
      coordinator.marks.judge(version, good);
      this.#next = clock.now() + EVALUATION_REST * (clock.now() - begun);
    }
  }

  #add({ version, updates, samples, seconds }: ModelSnapshot, quality: Quality) {
    const measurement = { version, samples, seconds, ...quality };
    const isGood = this.#measurements.add(measurement);
    this.#measured = updates;
    this.#parts.measured(measurement);
    return { measurement, isGood };
  }

  #evaluateNext(parameters: Float32Array): Promise<Quality> {
    const next = this.#last.then(() => this.#parts.evaluate(parameters));
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** When the run is measured, as it is now. */
  get #traits() {
    return MEASURING[measuringOf(this.#parts.repeatable, this.#parts.coordinator.settings)];
  }

  #reaches({ testAccuracy }: Measurement): boolean {
    const { target } = this.#parts.coordinator.settings;
    return target !== null && testAccuracy >= target;
  }
}
