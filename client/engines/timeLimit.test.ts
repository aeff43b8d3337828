import { describe, expect, it } from 'vitest';
import type { Engine } from '../../shared/engine/engine.ts';
import { ManualTimer } from '../../shared/testing/manualTimer.ts';
import { DATA, FakeEngine } from '../device/testing/fakeServer.ts';
import { deferred, settled } from '../device/testing/startDeviceClient.ts';
import { inTime, NoAnswerError, withTimeLimit } from './timeLimit.ts';

const PARAMETERS = Float32Array.of(1, 2, 3);
const LOCAL = { batch: 1, lr: 0.1, momentum: 0 };
const orderOf = (samples: number) => new Uint32Array(samples);

/** An engine that settles when it is told to, under a limit on a clock that is turned by hand. */
function limited(changes: Partial<Engine> = {}) {
  const timer = new ManualTimer();
  let now = 0;
  const inner = Object.assign(new FakeEngine(), changes);
  const engine = withTimeLimit(inner, { now: () => now, after: timer.after });
  /** Time passes, a second at a time: timers that are set in the meantime run too. */
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1000;
      timer.advance(1000);
      await settled();
    }
  };
  return { engine, inner, pass };
}

const never = () => new Promise<never>(() => undefined);

/** What has come of a promise, which nobody waits for. */
function watched(promise: Promise<unknown>) {
  const seen = { outcome: 'open' };
  promise.then(
    () => (seen.outcome = 'resolved'),
    (error: unknown) => (seen.outcome = String(error)),
  );
  return seen;
}

describe('an engine under a time limit', () => {
  it('is what it was where it answers', async () => {
    const { engine, inner } = limited();
    expect(engine).toMatchObject({ name: inner.name, detail: inner.detail, software: inner.software });
    await engine.hold(DATA);
    expect(inner.held).toBe(DATA);
    expect(await engine.gradient(PARAMETERS, orderOf(2))).toEqual(
      await inner.gradient(PARAMETERS, orderOf(2)),
    );
    expect(await engine.train(PARAMETERS, orderOf(2), LOCAL)).toEqual(
      await inner.train(PARAMETERS, orderOf(2), LOCAL),
    );
    expect(await engine.evaluate(PARAMETERS)).toEqual(await inner.evaluate());
    engine.dispose();
    expect(inner.disposed).toBe(1);
  });

  it.each<[string, Partial<Engine>, (engine: Engine) => Promise<unknown>]>([
    ['hold', { hold: never }, (engine) => engine.hold(DATA)],
    ['gradient', { gradient: never }, (engine) => engine.gradient(PARAMETERS, orderOf(2))],
    ['train', { train: never }, (engine) => engine.train(PARAMETERS, orderOf(2), LOCAL)],
    ['evaluate', { evaluate: never }, (engine) => engine.evaluate(PARAMETERS)],
  ])(
    '[EN10] whose %s never settles is given up, and does nothing after that',
    async (_name, changes, call) => {
      const { engine, inner, pass } = limited(changes);
      const seen = watched(call(engine));
      await pass(29);
      expect(seen.outcome).toBe('open');
      await pass(1);
      expect(seen.outcome).toBe('NoAnswerError: no answer within 30 s');
      await expect(engine.gradient(PARAMETERS, orderOf(1))).rejects.toThrow('no answer within 30 s');
      expect(inner.orders).toEqual([]);
    },
  );

  it('[EN20] may take eight times as long as its last call did for as many samples', async () => {
    const slow = deferred<{ gradient: Float32Array; loss: number }>();
    const { engine, inner, pass } = limited({ gradient: () => slow.promise });
    const first = watched(engine.gradient(PARAMETERS, orderOf(2)));
    await pass(20);
    slow.resolve({ gradient: PARAMETERS, loss: 0 });
    await settled();
    expect(first.outcome).toBe('resolved');
    inner.gradient = never;
    const seen = watched(engine.gradient(PARAMETERS, orderOf(3)));
    await pass(269);
    expect(seen.outcome).toBe('open');
    await pass(1);
    expect(seen.outcome).toBe('NoAnswerError: no answer within 270 s');
  });

  it('[EN10] is not given up for an error of its own, which it may tell', async () => {
    const { engine, inner } = limited();
    inner.failing = 'out of memory';
    await expect(engine.gradient(PARAMETERS, orderOf(2))).rejects.toThrow('out of memory');
    inner.failing = null;
    await engine.gradient(PARAMETERS, orderOf(2));
  });

  it('[EN10] is let go of even where it cannot let go itself', () => {
    const { engine } = limited({
      dispose: () => {
        throw new Error('no context');
      },
    });
    expect(() => engine.dispose()).not.toThrow();
  });
});

describe('a limit', () => {
  it('[EN20] loses a tenth to a machine that slept, and not all of it', async () => {
    const timer = new ManualTimer();
    const seen = watched(inTime(never(), 100, timer.after));
    // What wakes up finds one timer late, whatever the time.
    timer.advance(1_000_000);
    for (let part = 0; part < 8; part++) {
      timer.advance(10);
      await settled();
      expect(seen.outcome).toBe('open');
    }
    timer.advance(10);
    await settled();
    expect(seen.outcome).toContain(NoAnswerError.name);
  });

  it('hands on what comes too late', async () => {
    const timer = new ManualTimer();
    const promised = deferred<string>();
    const late: string[] = [];
    const seen = watched(inTime(promised.promise, 10, timer.after, (value) => late.push(value)));
    for (let part = 0; part < 10; part++) timer.advance(1);
    await settled();
    promised.resolve('an engine');
    await settled();
    expect(seen.outcome).toContain('no answer');
    expect(late).toEqual(['an engine']);
  });
});
