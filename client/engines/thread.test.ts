import { describe, expect, it } from 'vitest';
import { DataMisfitError } from '../../shared/engine/data.ts';
import { DATA, FakeEngine, MODEL } from '../device/testing/fakeServer.ts';
import { createEngineServer, openThreadEngine, type EngineThread } from './thread.ts';

/** A thread of this very thread, which passes copies to and fro; `die` ends it from inside. */
function threadOf(engine: FakeEngine, broken = false) {
  const serve = createEngineServer(() =>
    broken ? Promise.reject(new Error('no SIMD')) : Promise.resolve(engine),
  );
  let die: (reason: string) => void = () => undefined;
  const calls: string[] = [];
  let answered: Parameters<EngineThread['listen']>[0] = () => undefined;
  const thread: EngineThread = {
    post: (request) => {
      calls.push(request.call);
      void serve(structuredClone(request)).then((answer) => answered(structuredClone(answer)));
    },
    listen: (...listeners) => ([answered, die] = listeners),
    end: () => calls.push('end'),
  };
  return { thread, calls, die: (reason: string) => die(reason) };
}

const ORDER = Uint32Array.of(2, 0);
const PARAMETERS = Float32Array.of(1, 2, 3);

describe('an engine in a thread of its own', () => {
  it('gives what the engine gives, and is sent a data shard once', async () => {
    const engine = new FakeEngine();
    const { thread, calls } = threadOf(engine);
    const remote = await openThreadEngine(MODEL, 'fastest', thread);
    expect(remote).toMatchObject({ name: engine.name, detail: engine.detail, software: false });
    await remote.hold(DATA);
    await remote.hold(DATA);
    expect(engine.held).toEqual(DATA);
    expect(await remote.gradient(PARAMETERS, ORDER)).toEqual(await engine.gradient(PARAMETERS, ORDER));
    const local = { batch: 1, lr: 0.5, momentum: 0 };
    expect(await remote.train(PARAMETERS, ORDER, local)).toEqual(
      await engine.train(PARAMETERS, ORDER, local),
    );
    expect(await remote.evaluate(PARAMETERS)).toEqual({ correct: 0, loss: 0 });
    remote.dispose();
    expect(calls).toEqual(['load', 'hold', 'gradient', 'train', 'evaluate', 'end']);
  });

  it('[EN6] rejects by the reason of the engine, and of a thread that died', async () => {
    const engine = new FakeEngine();
    const { thread, die } = threadOf(engine);
    const remote = await openThreadEngine(MODEL, 'fastest', thread);
    engine.failing = 'out of memory';
    await expect(remote.gradient(PARAMETERS, ORDER)).rejects.toThrow('out of memory');
    engine.failing = null;
    const pending = remote.gradient(PARAMETERS, ORDER);
    die('it crashed');
    await expect(pending).rejects.toThrow("the engine's thread ended: it crashed");
    await expect(remote.evaluate(PARAMETERS)).rejects.toThrow('it crashed');
  });

  it('[EN11] refuses data that does not fit the model by an error that keeps its class, and sends none', async () => {
    const { thread, calls } = threadOf(new FakeEngine());
    const remote = await openThreadEngine(MODEL, 'fastest', thread);
    await expect(remote.hold({ ...DATA, labels: Uint8Array.of(0, 1, 2) })).rejects.toThrow(DataMisfitError);
    expect(calls).toEqual(['load']);
  });

  it('ends a thread that cannot load its engine', async () => {
    const { thread, calls } = threadOf(new FakeEngine(), true);
    await expect(openThreadEngine(MODEL, 'fastest', thread)).rejects.toThrow('no SIMD');
    expect(calls).toEqual(['load', 'end']);
  });
});
