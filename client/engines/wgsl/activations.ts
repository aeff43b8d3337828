import type { StageActivation } from '../../../shared/engine/stages.ts';

/** What an activation does to outputs; the source of one that it stops becomes -1, so that no error goes back. */
interface WgslActivation {
  /** Statements on the vectors `best` and `source`. */
  onVectors: string;
  /** A condition: the value of this name is stopped, and becomes 0. */
  stops: (value: string) => string;
}

export const WGSL_ACTIVATIONS: Record<StageActivation, WgslActivation> = {
  none: { onVectors: '', stops: () => 'false' },
  relu: {
    onVectors: 'source = select(source, vec4i(-1), best <= vec4f(0.0)); best = max(best, vec4f(0.0));',
    stops: (value) => `${value} <= 0.0`,
  },
};
