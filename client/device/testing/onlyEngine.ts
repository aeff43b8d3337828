import type { Engine } from '../../../shared/engine/engine.ts';
import type { Engines } from '../../engines/select.ts';

/** The engines of a device that has this one and no other. */
export function onlyEngine(engine: Engine): Engines {
  return {
    engine,
    trials: [],
    failed: (reason) => Promise.reject(new Error(reason)),
    reconsider: () => Promise.resolve(false),
    dispose: () => engine.dispose(),
  };
}
