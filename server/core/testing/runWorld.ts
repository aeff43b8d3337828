import type { Measurement } from '../../../shared/protocol/admin.ts';
import type { LiveSettings } from '../liveSettings.ts';
import { Guard, type Rescue, type Undoing } from '../run/guard.ts';
import type { ModelSnapshot } from '../run/modelSnapshot.ts';
import type { KeptState } from '../run/marks.ts';
import { RollbackError } from '../run/rollback.ts';
import { Run, type RunSettings } from '../run/run.ts';
import type { WorldOptions } from './testServer.ts';
import { World } from './world.ts';

/** Lets every promise that can go on do so: nothing in the core waits for anything but the clock and its parts. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

interface Evaluation {
  parameters: Float32Array;
  finish: (testAccuracy: number) => Promise<void>;
  fail: () => Promise<void>;
}

/** A run over a world, whose evaluations end when the test says so. */
export class RunWorld extends World {
  readonly run: Run;
  /** Every evaluation begun so far. */
  readonly evaluations: Evaluation[] = [];
  readonly saved: { snapshot: ModelSnapshot }[] = [];
  /** What was told to be kept. */
  readonly measured: Measurement[] = [];
  readonly failures: string[] = [];
  /** What a save does; at first it is done at once. */
  saving: () => Promise<void> = () => Promise.resolve();
  /** What checkpoints keep; each state is had at once. */
  kept = new Map<number, KeptState>();
  /** Why none of them can be used. */
  keptFault: RollbackError | null = null;
  /** What the guard finds; a check is done at once. */
  lossOf: (parameters: Float32Array) => Promise<number> = () => Promise.resolve(1);
  readonly rescues: Rescue[] = [];
  readonly undoings: Undoing[] = [];
  /** How many evaluations are under way. */
  evaluating = 0;

  /** @param settings of the run, of those that may change, and of its guard; without a jump it has none. */
  constructor(
    { guardJump, ...settings }: Partial<RunSettings & LiveSettings> & { guardJump?: number } = {},
    options: WorldOptions = {},
  ) {
    super({ ...options, live: settings });
    const { clock, coordinator, crowd, ranges } = this;
    this.run = new Run(
      {
        model: 'plain',
        testImages: 100,
        ranges,
        repeatable: false,
        checkpointSeconds: 60,
        seconds: 0,
        measurements: [],
        ...settings,
      },
      {
        clock,
        coordinator,
        devices: () => crowd.size,
        evaluate: (parameters) => this.#evaluate(parameters),
        keptState: (version) => this.#keptState(version),
        measured: (measurement) => void this.measured.push(measurement),
        saveCheckpoint: (snapshot) => {
          this.saved.push({ snapshot });
          return this.saving();
        },
        changed: () => undefined,
        guard: (run) =>
          guardJump === undefined
            ? null
            : new Guard({
                clock,
                coordinator,
                run,
                jump: guardJump,
                lossOf: (parameters) => this.lossOf(parameters),
                rescued: (rescue) => this.rescues.push(rescue),
                undid: (undoing) => this.undoings.push(undoing),
                gaveUp: () => this.failures.push('guard'),
                failed: () => this.failures.push('check'),
              }),
        evaluationFailed: () => this.failures.push('evaluation'),
        saveFailed: (error) => this.failures.push(`checkpoint: ${String(error)}`),
      },
    );
    this.committed = () => this.run.committed();
    this.undermined = (version) => this.run.undermined(version);
    this.suspected = () => this.run.suspected();
    this.firstLease = () => this.run.firstLease();
  }

  /** The newest evaluation. */
  get evaluation(): Evaluation {
    const evaluation = this.evaluations.at(-1);
    if (evaluation === undefined) throw new Error('nothing was evaluated');
    return evaluation;
  }

  /** As {@link World.pass}, with promises going on between the steps. */
  async live(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= 50) {
      this.pass(Math.min(50, left));
      await settled();
    }
  }

  #keptState(version: number): Promise<KeptState> {
    const state = this.kept.get(version);
    if (this.keptFault !== null) return Promise.reject(this.keptFault);
    if (state !== undefined) return Promise.resolve(state);
    return Promise.reject(new RollbackError('unknown', `Version ${version} is not kept.`));
  }

  #evaluate(parameters: Float32Array): Promise<{ testAccuracy: number; testLoss: number }> {
    this.evaluating++;
    return new Promise((resolve, reject) => {
      const ending = (end: () => void) => {
        this.evaluating--;
        end();
        return settled();
      };
      this.evaluations.push({
        parameters,
        finish: (testAccuracy) => ending(() => resolve({ testAccuracy, testLoss: 1 - testAccuracy })),
        fail: () => ending(() => reject(new Error('no evaluation'))),
      });
    });
  }
}
