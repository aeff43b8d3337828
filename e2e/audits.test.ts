import { afterEach, describe, expect, it } from 'vitest';
import { allowRelaxedSimd } from '../client/node/relaxedSimd.ts';
import type { Engine } from '../shared/engine/engine.ts';
import { createWasmEngine } from '../shared/engine/wasm/engine.ts';
import { rayConvnet } from '../server/zoo/ray-convnet.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const RUN = ['--mode', 'async', '--model', 'ray-convnet', '--evaluate-every', '0', '--guard-jump', 'none'];

/** Pushes the opposite of what it should. */
async function flippedEngine(): Promise<Engine> {
  const engine = await createWasmEngine(rayConvnet.spec);
  return {
    name: engine.name,
    detail: engine.detail,
    software: engine.software,
    hold: (shard) => engine.hold(shard),
    gradient: async (...given) => {
      const { gradient, loss } = await engine.gradient(...given);
      return { gradient: gradient.map((value) => -value), loss };
    },
    train: (...given) => engine.train(...given),
    evaluate: (parameters) => engine.evaluate(parameters),
    dispose: () => engine.dispose(),
  };
}

describe('audits of a served run', () => {
  it('[AT6] [AT9] come to trust a device that computes its units, and bar one that pushes the opposite, which never counts', async () => {
    allowRelaxedSimd();
    const server = await startServer(cleanup, RUN, { environment: { TABSWARM_AUDIT_CPU: '100' } });
    startScriptedWorker(cleanup, server.url, {}, await createWasmEngine(rayConvnet.spec));
    const trusted = () => server.snapshot().devices.map(({ trust }) => trust.state);
    await expect.poll(trusted, PATIENCE).toEqual(['trusted']);
    const outcomes: string[] = [];
    startScriptedWorker(
      cleanup,
      server.url,
      { unit: (outcome) => outcomes.push(outcome) },
      await flippedEngine(),
    );
    await expect.poll(() => trusted().toSorted(), PATIENCE).toEqual(['barred', 'trusted']);
    expect(outcomes).not.toContain('APPLIED');
    const [honest, liar] = server.snapshot().devices.toSorted((left, right) => right.applied - left.applied);
    expect([honest?.trust.audits.wrong, honest?.trust.audits.unclear]).toEqual([0, 0]);
    expect([liar?.applied, liar?.trust.cause?.why]).toEqual([0, expect.stringMatching(/2\.0 times.*-1\.00/)]);
    expect(server.snapshot().audits).toMatchObject({ wrong: 2, unclear: 0 });
    expect(server.log).toEqual([]);
  });
});
