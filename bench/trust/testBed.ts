import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARD_IMAGES } from '../../server/app/guardOf.ts';
import { LocalHost } from '../../server/app/shardHosts.ts';
import { freshStart } from '../../server/app/startState.ts';
import { rangesOf, Training } from '../../server/app/training.ts';
import { settingsOf, type Config } from '../../server/config/config.ts';
import { ServerKeys } from '../../server/core/serverKeys.ts';
import type { ShardGroup } from '../../server/core/shard/shardGroup.ts';
import { VirtualClock } from '../../server/core/testing/virtualClock.ts';
import { sampleOf } from '../../server/dataset/sample.ts';
import { DataFolder } from '../../server/store/dataFolder.ts';
import { samplesOf } from '../../server/core/unit.ts';
import type { AuditTask, Recomputation } from '../../server/core/run/recomputation.ts';
import type { Evaluation } from '../../server/threads/evaluator.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { lenet } from '../../server/zoo/lenet.ts';
import { loadImages, type Images } from './images.ts';
import { Kernel } from './kernel.ts';

/** Of the dates in the store, which nobody reads. */
const TODAY = new Date(0);
/** Images that a run measures itself on while it goes on. */
const MEASURED_IMAGES = 1000;
/** Stands for a loss that is no number any more, as in the thread of evaluation. */
const DIVERGED = Number.MAX_VALUE;
/** What a core of a server is taken to do: a budget of audits must not follow from the machine that this runs on. */
const SERVER_SAMPLES_A_MS = 24;

/** What all cells of a process have in common. */
export interface Workshop {
  images: Images;
  kernel: Kernel;
  folder: DataFolder;
  close: () => Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const path = await mkdtemp(join(tmpdir(), 'tabswarm-bench-'));
  const folder = await DataFolder.open(path, new VirtualClock(), () => undefined);
  const kernel = new Kernel(await createWasmEngine(lenet.spec, { relaxed: false }));
  const close = async () => {
    await folder.close();
    await rm(path, { recursive: true });
  };
  return { images: await loadImages(), kernel, folder, close };
}

/** Computes a unit again, and says what that takes a server. */
async function recompute(task: AuditTask, { kernel, images }: Workshop): Promise<Recomputation> {
  const { unit } = task;
  const data = images.honest[unit.dataShard.index];
  if (data === undefined) throw new RangeError(`there is no data shard ${unit.dataShard.index}`);
  return { ...(await kernel.compare(task, data)), milliseconds: samplesOf(unit) / SERVER_SAMPLES_A_MS };
}

/** A run as a server composes it, which has yet to begin, under a clock that is turned by hand, with one engine in place of all threads. */
export class TestBed {
  readonly clock: VirtualClock;
  readonly training: Training;
  readonly group: ShardGroup;
  readonly #workshop: Workshop;

  private constructor(workshop: Workshop, clock: VirtualClock, training: Training, group: ShardGroup) {
    this.#workshop = workshop;
    this.clock = clock;
    this.training = training;
    this.group = group;
  }

  /** @param measured hears of each accuracy that the run measures, 0 to 1. */
  static async open(
    workshop: Workshop,
    config: Config,
    measured: (accuracy: number) => void,
  ): Promise<TestBed> {
    const { folder, images, kernel } = workshop;
    const clock = new VirtualClock();
    const keys = new ServerKeys(folder.key);
    const host = new LocalHost(clock, keys.accessTo(''));
    const job = { model: config.spec, dataset: config.dataset, settings: settingsOf(config) };
    const evaluateOn = async (data: DataShard, parameters: Float32Array): Promise<Evaluation> => {
      const { correct, loss } = await kernel.evaluate(parameters, data);
      return {
        testAccuracy: correct / data.samples,
        testLoss: Number.isFinite(loss) ? loss : DIVERGED,
      };
    };
    const some = sampleOf(images.test, MEASURED_IMAGES);
    const few = sampleOf(images.test, GUARD_IMAGES);
    const training = new Training(config, {
      keys,
      clock,
      calendar: { today: () => TODAY },
      start: freshStart(config),
      dataShards: images.train.map(({ index, path, samples }) => ({ index, path, samples })),
      testImages: some.samples,
      evaluator: {
        evaluate: async (parameters) => {
          const evaluation = await evaluateOn(some, parameters);
          measured(evaluation.testAccuracy);
          return evaluation;
        },
      },
      sampler: config.guardJump === null ? null : { evaluate: (parameters) => evaluateOn(few, parameters) },
      recompute: config.auditCpu === 0 ? null : (task) => recompute(task, workshop),
      solve: () => Promise.resolve({ chosen: null, status: 'no solver here' }),
      record: await folder.runs.begin(job, TODAY),
      shards: host.shardsOf(rangesOf(config)),
      keepEvents: () => Promise.resolve(),
      log: () => undefined,
    });
    const { group } = host.local().open(training.incarnation);
    return new TestBed(workshop, clock, training, group);
  }

  /** Lets so much time pass, and everything be done that follows from it. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.#workshop.kernel.isIdle);
  }

  /** Of the model as it is now, on all test images, 0 to 1. */
  async accuracy(): Promise<number> {
    const { kernel, images } = this.#workshop;
    const { parameters } = await this.training.run.snapshot();
    const { correct } = await kernel.evaluate(parameters, images.test);
    return correct / images.test.samples;
  }

  async close(): Promise<void> {
    this.training.run.close();
    await this.training.kept();
  }
}
