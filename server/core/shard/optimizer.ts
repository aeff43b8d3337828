/** The server optimizers. All arithmetic is float32 after every operation and uses no Math.pow [OP1]. */

export interface OptimizerSettings {
  kind: OptimizerName;
  lr: number;
  /** Of `momentum`; unused by the others. */
  momentum: number;
}

/** What an optimizer carries from commit to commit: vectors as long as the slice, and scalars. */
export interface OptimizerState {
  slots: Record<string, Float32Array>;
  scalars: Record<string, number>;
}

export interface Optimizer {
  /** Moves `parameters` in place along the aggregated update, both of the slice's length. */
  apply(parameters: Float32Array, update: Float32Array): void;
  /** The live state, not a copy. */
  readonly state: OptimizerState;
}

/** What a rule is made of for one slice. */
interface RuleParts {
  settings: OptimizerSettings;
  /** The vector of this name that it carries. */
  slot: (name: string) => Float32Array;
  scalars: Record<string, number>;
  lr: number;
}

interface OptimizerRule {
  /** What it carries before the first commit. */
  fresh(length: number): OptimizerState;
  create(parts: RuleParts): Optimizer['apply'];
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The server's optimizers, as `--optimizer` names them. */
const OPTIMIZERS = {
  sgd: {
    fresh: () => ({ slots: {}, scalars: {} }),
    create:
      ({ lr }) =>
      (parameters, update) =>
        sgd(parameters, update, lr),
  },
  momentum: {
    fresh: (length) => ({ slots: { velocity: new Float32Array(length) }, scalars: {} }),
    create({ settings, slot, lr }) {
      const velocity = slot('velocity');
      const mu = Math.fround(settings.momentum);
      return (parameters, update) => momentum(parameters, update, velocity, lr, mu);
    },
  },
  adam: {
    fresh: (length) => ({
      slots: { first: new Float32Array(length), second: new Float32Array(length) },
      scalars: { beta1Power: 1, beta2Power: 1 },
    }),
    create({ slot, scalars, lr }) {
      const first = slot('first');
      const second = slot('second');
      return (parameters, update) => adam(parameters, update, first, second, scalars, lr);
    },
  },
} as const satisfies Record<string, OptimizerRule>;
export type OptimizerName = keyof typeof OPTIMIZERS;
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS) as OptimizerName[];

/**
 * @param length elements of the slice.
 * @param state what an earlier optimizer of the same kind carried; fresh where it is absent.
 * @throws {RangeError} where the state does not fit the kind or the length.
 */
export function createOptimizer(
  settings: OptimizerSettings,
  length: number,
  state: OptimizerState = OPTIMIZERS[settings.kind].fresh(length),
): Optimizer {
  const rule: OptimizerRule = OPTIMIZERS[settings.kind];
  const slot = (name: string) => {
    const values = state.slots[name];
    if (values?.length !== length) throw new RangeError(`optimizer: slot ${name} does not fill the slice`);
    return values;
  };
  for (const name of Object.keys(rule.fresh(0).scalars)) {
    if (state.scalars[name] === undefined) throw new RangeError(`optimizer: scalar ${name} is missing`);
  }
  const lr = Math.fround(settings.lr);
  return { state, apply: rule.create({ settings, slot, scalars: state.scalars, lr }) };
}

/** w -= lr g */
function sgd(parameters: Float32Array, update: Float32Array, lr: number): void {
  for (let i = 0; i < parameters.length; i++) {
    parameters[i] = at(parameters, i) - Math.fround(lr * at(update, i));
  }
}

/** v = mu v + g; w -= lr v (Polyak 1964, in the form PyTorch has it). */
function momentum(
  parameters: Float32Array,
  update: Float32Array,
  velocity: Float32Array,
  lr: number,
  mu: number,
): void {
  for (let i = 0; i < parameters.length; i++) {
    const moved = Math.fround(Math.fround(mu * at(velocity, i)) + at(update, i));
    velocity[i] = moved;
    parameters[i] = at(parameters, i) - Math.fround(lr * moved);
  }
}

/** Kingma and Ba 2015, algorithm 1; the powers of the betas are running products. */
function adam(
  parameters: Float32Array,
  update: Float32Array,
  first: Float32Array,
  second: Float32Array,
  scalars: Record<string, number>,
  lr: number,
): void {
  const f = Math.fround;
  const beta1 = f(ADAM.beta1);
  const beta2 = f(ADAM.beta2);
  const epsilon = f(ADAM.epsilon);
  const power1 = f((scalars['beta1Power'] ?? 1) * beta1);
  const power2 = f((scalars['beta2Power'] ?? 1) * beta2);
  scalars['beta1Power'] = power1;
  scalars['beta2Power'] = power2;
  const correction1 = f(1 - power1);
  const correction2 = f(1 - power2);
  const rest1 = f(1 - beta1);
  const rest2 = f(1 - beta2);
  for (let i = 0; i < parameters.length; i++) {
    const g = at(update, i);
    const m = f(f(beta1 * at(first, i)) + f(rest1 * g));
    const v = f(f(beta2 * at(second, i)) + f(rest2 * f(g * g)));
    first[i] = m;
    second[i] = v;
    const step = f(f(lr * f(m / correction1)) / f(f(Math.sqrt(f(v / correction2))) + epsilon));
    parameters[i] = at(parameters, i) - step;
  }
}

function at(values: Float32Array, index: number): number {
  return values[index] ?? 0;
}
