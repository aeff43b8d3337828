import { initialParameters } from '../shared/model/initialise.ts';
import { zoo } from '../server/zoo/index.ts';

/** `tsx bench/initialParameters.ts <model> <seeds>`: a line of JSON for each seed from 1, for reference runs elsewhere. */

const [model = 'ray-convnet', seeds = '20'] = process.argv.slice(2);
const spec = zoo.get(model)?.spec;
if (spec === undefined) throw new Error(`${model} is no model of the zoo`);
for (let seed = 1; seed <= Number(seeds); seed++) {
  console.log(JSON.stringify({ seed, parameters: Array.from(initialParameters(spec, seed)) }));
}
