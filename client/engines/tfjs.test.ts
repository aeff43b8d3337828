import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { unitOrder } from '../../shared/engine/unit.ts';
import { noiseShard } from './testing/contract.ts';
import { ODD_SPECS } from './testing/specs.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { EngineProbe, TfjsName } from './probe.ts';
import { createTfjsEngine } from './tfjs.ts';

const CPU: EngineProbe<TfjsName> = { name: 'tfjs-cpu', detail: 'test', software: false };
const [SPEC] = ODD_SPECS;
if (SPEC === undefined) throw new Error('there are odd specs');

describe('the tfjs engine', () => {
  it('keeps nothing of what it computed, and nothing at all when it is disposed of', async () => {
    const before = tf.memory().numTensors;
    const engine = await createTfjsEngine(SPEC, CPU);
    const loaded = tf.memory().numTensors;
    const parameters = initialParameters(SPEC, 1);
    await engine.hold(noiseShard(SPEC, 6, 1));
    await engine.gradient(parameters, Uint32Array.of(1, 2));
    await engine.train(parameters, unitOrder(1, 0, 6, 6), { batch: 2, lr: 0.1, momentum: 0.9 });
    await engine.evaluate(parameters);
    expect(tf.memory().numTensors).toBe(loaded);
    engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('[EN2] says which backend cannot be had here, and keeps nothing of it', async () => {
    const before = tf.memory().numTensors;
    await expect(createTfjsEngine(SPEC, { ...CPU, name: 'tfjs-webgl' })).rejects.toThrow('webgl');
    expect(tf.memory().numTensors).toBe(before);
  });
});
