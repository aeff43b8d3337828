import { expect, it } from 'vitest';
import type { Engine } from '../../shared/engine/engine.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { ManualTimer } from '../../shared/testing/manualTimer.ts';
import { EngineSelection } from '../engines/select.ts';
import { leaseOf, MODEL } from './testing/fakeServer.ts';
import { joinedVolunteer, settled } from './testing/startDeviceClient.ts';

/** An engine that computes as it should until it hangs, and reports nothing. */
async function hangingEngine() {
  const right = await createWasmEngine(MODEL);
  let hangs = false;
  const engine: Engine = {
    name: 'tfjs-webgl',
    detail: 'a lost context',
    software: false,
    hold: (shard) => right.hold(shard),
    train: (parameters, order, local) => right.train(parameters, order, local),
    evaluate: (parameters) => right.evaluate(parameters),
    dispose: () => right.dispose(),
    gradient: (parameters, order) =>
      hangs ? new Promise(() => undefined) : right.gradient(parameters, order),
  };
  return { engine, hang: () => (hangs = true) };
}

it('[EN10] [EN6] a volunteer whose engine never answers releases the unit with the reason, and trains on with the next', async () => {
  const timer = new ManualTimer();
  const [hanging, next] = await Promise.all([hangingEngine(), createWasmEngine(MODEL)]);
  const { server, told } = await joinedVolunteer({
    workerPool: {
      limit: 1,
      selectEngines: (spec, _worker, arithmetic) =>
        EngineSelection.begin({
          spec,
          arithmetic,
          asked: 'tfjs-webgl',
          clock: { now: () => 0, after: timer.after },
          supply: {
            fused: [{ name: 'wasm', load: () => Promise.resolve(next) }],
            tfjs: () =>
              Promise.resolve([{ name: 'tfjs-webgl', load: () => Promise.resolve(hanging.engine) }]),
          },
        }),
    },
  });
  expect(server.readies.at(-1)?.engine?.name).toBe('tfjs-webgl');
  hanging.hang();
  server.says.lease(leaseOf(1, 0));
  await settled();
  expect(told()).toEqual(['training']);
  server.news();
  for (let second = 0; second < 30; second++) {
    timer.advance(1000);
    await settled();
  }
  expect(server.news()).toEqual(['release #1: no answer within 30 s', 'ready']);
  expect(server.readies.at(-1)).toMatchObject({
    engine: { name: 'wasm' },
    trials: [
      { name: 'tfjs-webgl', verdict: 'failed', reason: 'no answer within 30 s' },
      { name: 'wasm', verdict: 'right' },
    ],
  });
  server.says.lease(leaseOf(2, 0));
  await settled();
  expect(told()).toContain('unit APPLIED 2');
});
