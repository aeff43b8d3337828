import type { Engine } from '../../shared/engine/engine.ts';
import type { Candidate } from '../engines/supply.ts';

/** An engine that rests after everything it computes: a device that is slower by this factor, for experiments. */
export function slowed({ name, load }: Candidate, times: number): Candidate {
  return {
    name,
    async load(spec, arithmetic) {
      const engine = await load(spec, arithmetic);
      const slowly = async <Result>(compute: () => Promise<Result>): Promise<Result> => {
        const begun = performance.now();
        const result = await compute();
        const rest = (times - 1) * (performance.now() - begun);
        await new Promise((resolve) => setTimeout(resolve, rest));
        return result;
      };
      return {
        name: engine.name,
        detail: `${engine.detail}, slowed ${times} times`,
        software: engine.software,
        hold: (shard) => engine.hold(shard),
        gradient: (parameters, order) => slowly(() => engine.gradient(parameters, order)),
        train: (parameters, order, local) => slowly(() => engine.train(parameters, order, local)),
        evaluate: (parameters) => engine.evaluate(parameters),
        dispose: () => engine.dispose(),
      } satisfies Engine;
    },
  };
}
