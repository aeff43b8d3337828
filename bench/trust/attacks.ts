import { toleranceOf } from '../../server/core/run/tolerances.ts';
import type { Generator } from '../../shared/random/generator.ts';
import { dot, middleOf, momentsOf, noise, normOf, ofNorm, scaled } from './vectors.ts';

/** What an attacker knows when it makes an update. */
export interface Known {
  /** Units that it did before, under any of its ids. */
  done: number;
  /** Local steps of the unit; a gradient is one. */
  steps: number;
  /** What an honest device would send; an attacker without training has zeros. */
  own: Float32Array;
  /** The newest update of each honest device. In a round those of the round: it waits for them. */
  honest: readonly Float32Array[];
  /** Its own. */
  random: Generator;
  /** That all attackers have in common, from its beginning each time. */
  common: Generator;
}

/** What an attacker trains on for what it calls its own update. */
export type Training = 'data' | 'wrong labels' | 'nothing';

export interface Attack {
  /** What it sends, in half a sentence. */
  help: string;
  trains: Training;
  /** It answers at once instead of after the time that the unit would take. */
  isFast: boolean;
  /** Each time that it is barred it comes back as another device. */
  rejoins: boolean;
  /** It is there before anybody else is, and the run has begun. */
  isEarly: boolean;
  /** Units that it does honestly before its first lie. */
  honestUnits: number;
  update: (known: Known) => Float32Array;
}

/** Just within the largest norm that the server takes of an update of any kind. */
const AT_THE_BOUND = 9_900;
/** Baruch et al. 2019 derive it from the share of attackers; this is more than they find for a fifth of 25 devices. */
const ALIE_DEVIATIONS = 1.5;
/** What they find for five of 25: the value below which 12 of 20 honest ones lie in a normal distribution. */
const ALIE_NEAR_DEVIATIONS = 0.253;
const IPM_FACTOR = 10;
/** As in the experiments of Karimireddy et al. 2022: too small to stand out. */
const IPM_NEAR_FACTOR = 0.1;
const LIAR_NORM = 0.01;
/** Updates that the late attacker sends before its large one. */
const LATE = 15;

const PLAIN = { trains: 'data', isFast: false, rejoins: false, isEarly: false, honestUnits: 0 } as const;

const flip =
  (factor: number): Attack['update'] =>
  ({ own }) =>
    scaled(own, -factor);

/** One update at the bound, against the model, and honest ones before and after. */
const hugeOnce =
  (at: number): Attack['update'] =>
  ({ own, done }) =>
    done === at ? ofNorm(scaled(own, -1), AT_THE_BOUND) : own;

/** From the updates of the honest devices; its own where it has seen none yet. */
const fromHonest =
  (make: (honest: readonly Float32Array[]) => Float32Array): Attack['update'] =>
  ({ honest, own }) =>
    honest.length === 0 ? own : make(honest);

const alie = (deviations: number): Attack['update'] =>
  fromHonest((honest) => {
    const { mean, deviation } = momentsOf(honest);
    return mean.map((value, at) => value - deviations * (deviation[at] ?? 0));
  });

const ipm = (factor: number): Attack['update'] =>
  fromHonest((honest) => scaled(momentsOf(honest).mean, -factor));

/** How near to the bound of what an audit finds wrong, as a part of it. */
const NEAR_THE_BOUND = 0.95;

/** Its own update, of the same norm, turned against what the others agree on as far as an audit finds nothing wrong with it. */
const turned: Attack['update'] = ({ own, honest, steps }) => {
  if (honest.length === 0) return own;
  const { wrong, cosine: least } = toleranceOf({ engine: 'wasm', steps, codec: 'float32' });
  const cosine = Math.max(least / NEAR_THE_BOUND, 1 - (NEAR_THE_BOUND * wrong) ** 2 / 2);
  const { mean } = momentsOf(honest);
  const along = dot(mean, own) / (dot(own, own) || 1);
  const aside = mean.map((value, at) => along * (own[at] ?? 0) - value);
  const away = ofNorm(aside, normOf(own) * Math.sqrt(1 - cosine ** 2));
  return own.map((value, at) => cosine * value + (away[at] ?? 0));
};

/** Everything that is tried against a run, by name. */
export const ATTACKS = {
  flip1: { ...PLAIN, help: 'its update with the sign changed', update: flip(1) },
  flip10: { ...PLAIN, help: 'ten times its update with the sign changed', update: flip(10) },
  noise: {
    ...PLAIN,
    help: 'noise of the largest norm that the server takes',
    trains: 'nothing',
    update: ({ own, random }) => noise(own.length, AT_THE_BOUND, random),
  },
  labelFlip: {
    ...PLAIN,
    help: 'trained on 9 - y for each label y',
    trains: 'wrong labels',
    update: ({ own }) => own,
  },
  hugeFirst: { ...PLAIN, help: 'one update of the largest norm, the first', update: hugeOnce(0) },
  hugeLate: {
    ...PLAIN,
    help: `one update of the largest norm after ${LATE} honest ones`,
    update: hugeOnce(LATE),
  },
  alie: {
    ...PLAIN,
    help: `mean of the honest updates less ${ALIE_DEVIATIONS} deviations (Baruch et al. 2019)`,
    update: alie(ALIE_DEVIATIONS),
  },
  alieNear: {
    ...PLAIN,
    help: `the same with ${ALIE_NEAR_DEVIATIONS} deviations, as they find for five of 25`,
    update: alie(ALIE_NEAR_DEVIATIONS),
  },
  ipm: {
    ...PLAIN,
    help: `-${IPM_FACTOR} times the mean of the honest updates (Xie et al. 2020)`,
    update: ipm(IPM_FACTOR),
  },
  ipmNear: {
    ...PLAIN,
    help: `-${IPM_NEAR_FACTOR} times the mean of the honest updates`,
    update: ipm(IPM_NEAR_FACTOR),
  },
  mimic: {
    ...PLAIN,
    help: 'the last update of one honest device (Karimireddy et al. 2022)',
    update: ({ honest, own }) => honest[0] ?? own,
  },
  turned: {
    ...PLAIN,
    help: 'its update turned against the others as far as no audit finds it wrong',
    update: turned,
  },
  early: {
    ...PLAIN,
    help: 'flip10, begun before an honest device is there',
    isEarly: true,
    update: flip(10),
  },
  freeRider: { ...PLAIN, help: 'zeros', trains: 'nothing', update: ({ own }) => own },
  fastLiar: {
    ...PLAIN,
    help: `noise of norm ${LIAR_NORM}, at once`,
    trains: 'nothing',
    isFast: true,
    update: ({ own, random }) => noise(own.length, LIAR_NORM, random),
  },
  sleeper: { ...PLAIN, help: 'honest for fifty units, then flip10', honestUnits: 50, update: flip(10) },
  whitewasher: {
    ...PLAIN,
    help: 'flip10, as a new device each time that it is barred',
    rejoins: true,
    update: flip(10),
  },
  colluders: {
    ...PLAIN,
    help: 'all the same random direction in every unit, of the norm of an honest update',
    trains: 'nothing',
    update: ({ own, honest, common }) => noise(own.length, middleOf(honest.map(normOf)) ?? LIAR_NORM, common),
  },
} satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];
