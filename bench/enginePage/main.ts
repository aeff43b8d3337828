import { browserSupply } from '../../client/engines/browser.ts';
import { zoo } from '../../shared/model/zoo/index.ts';
import { samplesPerSecond } from '../measureEngine.ts';

/** Samples a second of an engine in this browser; null where it is not to be had. */
async function measure(name: string, model: string, batch: number): Promise<number | null> {
  const spec = zoo.get(model)?.spec;
  if (spec === undefined) throw new Error(`no model ${model}`);
  const candidates = [...browserSupply.fused, ...(await browserSupply.tfjs())];
  const candidate = candidates.find((each) => each.name === name);
  if (candidate === undefined) return null;
  const engine = await candidate.load(spec);
  const rate = await samplesPerSecond(engine, spec, batch);
  engine.dispose();
  return rate;
}

Object.assign(window, { measure });
