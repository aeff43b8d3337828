import { describe, expect, it } from 'vitest';
import type { Engines } from '../engines/select.ts';
import { WorkerPool, type PoolWorker } from './workerPool.ts';
import { FakeEngine, leaseOf, MODEL } from './testing/fakeServer.ts';
import { onlyEngine } from './testing/onlyEngine.ts';
import { deferred, joinedVolunteer, settled } from './testing/startDeviceClient.ts';

/** A worker pool part that gives each worker a fake engine; from `none` on there is none. */
function parts(limit: number, none = limit) {
  const engines: FakeEngine[] = [];
  return {
    engines,
    limit,
    selectEngines: (_model: unknown, worker: number): Promise<Engines> => {
      if (worker >= none) return Promise.reject(new Error('no engine'));
      const engine = new FakeEngine();
      engines.push(engine);
      return Promise.resolve(onlyEngine(engine));
    },
  };
}

async function grown(limit: number, none = limit) {
  const given = parts(limit, none);
  const workerPool = await WorkerPool.start(given, MODEL, 'fastest');
  while (await workerPool.grow());
  return { workerPool, engines: given.engines };
}

describe('a worker pool', () => {
  it('[LS8] grows to its limit, or for as long as there are engines', async () => {
    expect((await grown(3)).workerPool.report.workers).toBe(3);
    expect((await grown(3, 2)).workerPool.report.workers).toBe(2);
    await expect(WorkerPool.start(parts(2, 0), MODEL, 'fastest')).rejects.toThrow('no engine');
  });

  it('[LS8] gives a job to a free worker, else to the one that is submitting', async () => {
    const { workerPool, engines } = await grown(2);
    const first = deferred<undefined>();
    const second = deferred<undefined>();
    const who: number[] = [];
    const job = (until: Promise<undefined>) => (worker: PoolWorker) => {
      who.push(engines.findIndex((engine) => engine === worker.engines.engine));
      if (who.length === 2) worker.submitting = true;
      return until;
    };
    void workerPool.do(job(first.promise));
    void workerPool.do(job(second.promise));
    await settled();
    expect([workerPool.busy, who]).toEqual([2, [0, 1]]);
    void workerPool.do(job(Promise.resolve(undefined)));
    await settled();
    expect(who).toEqual([0, 1]);
    second.resolve(undefined);
    await settled();
    expect([workerPool.busy, who]).toEqual([1, [0, 1, 1]]);
  });

  it('[EN6] goes on without a worker whose engine failed, whichever it is, while there are others', async () => {
    const { workerPool, engines } = await grown(2);
    const workers: PoolWorker[] = [];
    const seen = (worker: PoolWorker) => Promise.resolve(void workers.push(worker));
    await Promise.all([workerPool.do(seen), workerPool.do(seen)]);
    const [first, second] = workers;
    if (first === undefined || second === undefined) throw new Error('no workers');
    await workerPool.failed(first, 'it broke');
    expect([workerPool.report.workers, engines.map(({ disposed }) => disposed)]).toEqual([1, [1, 0]]);
    expect(await workerPool.grow()).toBe(false);
    await expect(workerPool.failed(second, 'it broke too')).rejects.toThrow('it broke too');
  });

  it('[EN6] has another worker do what waited for one whose engine failed', async () => {
    const { workerPool } = await grown(2);
    const done: PoolWorker[] = [];
    const failing = workerPool.do((worker) => workerPool.failed(worker, 'it broke'));
    const others = Array.from({ length: 3 }, () =>
      workerPool.do((worker) => Promise.resolve(void done.push(worker))),
    );
    await Promise.all([failing, ...others]);
    expect(done).toHaveLength(3);
    expect(new Set(done).size).toBe(1);
  });

  it('reports what was wrong with the engine of any worker', async () => {
    const given = parts(2);
    const trial = {
      name: 'wasm',
      detail: '',
      software: false,
      reason: null,
      samplesPerSecond: null,
    } as const;
    const workerPool = await WorkerPool.start(
      {
        limit: 2,
        selectEngines: async (model, worker) => ({
          ...(await given.selectEngines(model, worker)),
          trials: [{ ...trial, verdict: worker === 0 ? 'right' : 'failed' }],
        }),
      },
      MODEL,
      'fastest',
    );
    expect(workerPool.report.trials).toMatchObject([{ verdict: 'right' }]);
    await workerPool.grow();
    expect(workerPool.report.trials).toMatchObject([{ name: 'wasm', verdict: 'failed' }]);
  });

  it('that is disposed of while it grows releases the late one too', async () => {
    const late = deferred<Engines>();
    const engine = new FakeEngine();
    const given = parts(1);
    const workerPool = await WorkerPool.start(
      {
        limit: 2,
        selectEngines: (model, worker) => (worker === 0 ? given.selectEngines(model, worker) : late.promise),
      },
      MODEL,
      'fastest',
    );
    const growing = workerPool.grow();
    workerPool.dispose();
    late.resolve(onlyEngine(engine));
    expect(await growing).toBe(false);
    expect([engine.disposed, given.engines[0]?.disposed]).toEqual([1, 1]);
  });
});

describe('a volunteer with several workers', () => {
  it('[LS8] reports each as it comes in, and works on a lease with each worker', async () => {
    const workerPool = parts(2);
    const { server } = await joinedVolunteer({ workerPool });
    expect(server.readies.map(({ workers }) => workers)).toEqual([1, 2]);
    const pushes = [deferred<never>(), deferred<never>()];
    server.push = (_shard, { lease }) => pushes[lease - 1]?.promise ?? Promise.reject(new Error('no'));
    server.says.lease(leaseOf(1, 4));
    server.says.lease(leaseOf(2, 4));
    await settled();
    expect(workerPool.engines.map(({ orders }) => orders.length)).toEqual([1, 1]);
    expect(server.news()).toEqual([
      'pull 0 @4',
      'pull 1 @4',
      ...['push 0 #1', 'push 1 #1', 'push 0 #2', 'push 1 #2'],
    ]);
  });
});
