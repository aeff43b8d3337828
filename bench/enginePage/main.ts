import { browserSupply } from '../../client/engines/browser.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { zoo } from '../../server/zoo/index.ts';
import { createJaxTrainer } from '../jaxEngine.ts';
import { samplesPerSecond, type Trainer } from '../measureEngine.ts';

/** Samples a second of an engine in this browser; null where it is not to be had. */
async function measure(name: string, model: string, batch: number): Promise<number | null> {
  const spec = zoo.get(model)?.spec;
  if (spec === undefined) throw new Error(`no model ${model}`);
  const engine = await load(name, spec);
  if (engine === null) return null;
  const rate = await samplesPerSecond(engine, spec, batch);
  engine.dispose();
  return rate;
}

async function load(name: string, spec: ModelSpec): Promise<Trainer | null> {
  if (name === 'jax-js') return createJaxTrainer(spec);
  const candidates = [...browserSupply.fused, ...(await browserSupply.tfjs())];
  return (await candidates.find((each) => each.name === name)?.load(spec, 'fastest')) ?? null;
}

Object.assign(window, { measure });
