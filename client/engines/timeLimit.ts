import type { Engine } from '../../shared/engine/engine.ts';
import type { After } from '../../shared/transport/chunkedChannel.ts';

/** The clock that limits go by. */
export interface LimitClock {
  /** Milliseconds of a clock that only goes forward. */
  now: () => number;
  after: After;
}

/** What a call may take whatever there is to compute: drivers compile, machines are busy with something else. */
const MIN_MS = 30_000;
/** A call may take this many times as long as the last one did for as many samples. */
const PATIENCE = 8;
/** A limit is waited for in this many parts: a machine that sleeps, or a page that is frozen, loses one and not all. */
const PARTS = 10;

/**
 * An engine whose every call settles [EN10]: one that takes far longer than the calls before it is given up, and
 * so is the engine. A context that is lost, a driver that hangs or a thread that died may tell nobody.
 */
export function withTimeLimit(engine: Engine, clock: LimitClock): Engine {
  const { name, detail, software } = engine;
  let givenUp: Error | null = null;
  let samplesHeld = 0;
  let msPerSample = 0;
  const limited = async <Result>(samples: number, call: () => Promise<Result>): Promise<Result> => {
    if (givenUp !== null) throw givenUp;
    const begun = clock.now();
    try {
      const result = await inTime(call(), MIN_MS + PATIENCE * samples * msPerSample, clock.after);
      if (samples > 0) msPerSample = (clock.now() - begun) / samples;
      return result;
    } catch (error) {
      if (error instanceof NoAnswerError) givenUp = error;
      throw error;
    }
  };
  return {
    name,
    detail,
    software,
    async hold(shard) {
      await limited(0, () => engine.hold(shard));
      samplesHeld = shard.samples;
    },
    gradient: (parameters, order) => limited(order.length, () => engine.gradient(parameters, order)),
    train: (parameters, order, local) => limited(order.length, () => engine.train(parameters, order, local)),
    evaluate: (parameters) => limited(samplesHeld, () => engine.evaluate(parameters)),
    dispose() {
      try {
        engine.dispose();
      } catch {
        // What an engine that was lost cannot let go of is gone already.
      }
    },
  };
}

/** Something took longer than it may. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

/**
 * The promise, or a rejection when it takes too long; what comes after that is handed to `late`.
 * @throws {NoAnswerError} after `limitMs` in which this thread was awake.
 */
export function inTime<Value>(
  promise: Promise<Value>,
  limitMs: number,
  after: After,
  late: (value: Value) => void = () => undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let left = PARTS;
    const wait = (): (() => void) =>
      after(limitMs / PARTS, () => {
        left--;
        if (left > 0) cancel = wait();
        else reject(new NoAnswerError(`no answer within ${Math.round(limitMs / 1000)} s`));
      });
    let cancel = wait();
    promise.then(
      (value) => {
        cancel();
        if (left > 0) resolve(value);
        else late(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
