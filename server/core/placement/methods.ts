import {
  bundleOf,
  bundleFor,
  bundleWithin,
  rateOf,
  recipeSamples,
  type Bundle,
  type PlanDevice,
  type RunShape,
} from './plan.ts';

/* Ways to make a plan without a solver: each a pure function from measured devices to bundles. */

/** Of what the recipe's unit takes the median device: a round is no shorter, so that one device does not set the pace of all. */
const LEAST_OF_MEDIAN = 1 / 4;
const LEAST_LENGTHS = 12;
const MOST_LENGTHS = 64;
/** ... so that the thread that decides everything is held for tens of milliseconds at most. */
const MOST_LOOKS = 20_000;
/** Of the recipe's unit: what a round may be as long as. */
const STRETCHES = [1 / 4, 1 / 2, 1, 2];

/** The recipe's unit for everyone. */
export function uniform(devices: readonly PlanDevice[], shape: RunShape): Bundle[] {
  return devices.flatMap((device) => bundleOf(device, shape, recipeSamples(shape)) ?? []);
}

/** Work in proportion to speed, the recipe's unit on average, after MLitB (Meeds et al. 2015): all have some. */
export function greedy(devices: readonly PlanDevice[], shape: RunShape): Bundle[] {
  const measured = devices.filter(({ time }) => time !== null);
  const speeds = measured.map(({ time }) => 1 / (time?.msPerSample ?? Infinity));
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  const samples = recipeSamples(shape) * measured.length;
  return measured.flatMap((device, index) => {
    const share = (samples * (speeds[index] ?? 0)) / total;
    return bundleOf(device, shape, share) ?? bundleOf(device, shape, shape.batch) ?? [];
  });
}

/**
 * Each device's largest unit within the time that the recipe's unit takes the median device, and no larger than
 * that: for `async`, where nobody waits, and an update that is late is stale.
 */
export function timeBox(devices: readonly PlanDevice[], shape: RunShape): Bundle[] {
  const usual = uniform(devices, shape);
  const times = usual.map(({ ms }) => ms).sort((left, right) => left - right);
  const box = times[Math.floor((times.length - 1) / 2)] ?? 0;
  return devices.flatMap((device) => {
    const recipe = bundleOf(device, shape, recipeSamples(shape));
    if (recipe === null) return [];
    if (recipe.ms <= box) return [recipe];
    return bundleWithin(device, shape, box) ?? bundleOf(device, shape, shape.batch) ?? [];
  });
}

/**
 * The best plan over a grid of lengths of a round. At each length every device takes its largest unit that fits, which
 * is the best there is where nothing couples the devices; where the server's link does, those worth least a byte are
 * left out until it is enough [PL5].
 */
export function sweep(devices: readonly PlanDevice[], shape: RunShape): Bundle[] {
  let best: { rate: number; bundles: Bundle[] } = { rate: 0, bundles: [] };
  for (const length of lengths(devices, shape)) {
    const bundles = withinLink(
      devices.flatMap((device) => bundleFor(device, shape, length) ?? []),
      shape,
      length,
      new Set(devices.flatMap(({ device, required }) => (required ? [device] : []))),
    );
    const rate = rateOf(bundles, shape);
    // Of equals the longest.
    if (rate >= best.rate) best = { rate, bundles };
  }
  return best.bundles;
}

/**
 * Lengths of a round at which something changes: what units of the recipe's size and its fractions take. None is so
 * short that nobody gets through a unit of the recipe: more rounds of less work cost what no unit's time shows.
 */
export function lengths(devices: readonly PlanDevice[], shape: RunShape): number[] {
  const shortest = shortestRound(devices, shape);
  const wanted = STRETCHES.map((stretch) => stretch * recipeSamples(shape));
  const all = devices.flatMap((device) =>
    wanted.flatMap((samples) => bundleOf(device, shape, samples)?.ms ?? []),
  );
  const sorted = [
    ...new Set([...all.filter((ms) => ms >= shortest), ...(all.length === 0 ? [] : [shortest])]),
  ].sort((left, right) => left - right);
  const most = Math.round(Math.min(MOST_LENGTHS, Math.max(LEAST_LENGTHS, MOST_LOOKS / devices.length)));
  const every = Math.max(1, sorted.length / most);
  return Array.from(
    { length: Math.min(sorted.length, most) },
    (_, index) => sorted[Math.floor(index * every)] ?? 0,
  );
}

function withinLink(
  bundles: Bundle[],
  { link }: RunShape,
  length: number,
  required: ReadonlySet<string>,
): Bundle[] {
  if (link === null) return bundles;
  let left = link * length;
  const urgency = ({ device, value, bytes }: Bundle) => (required.has(device) ? Infinity : value / bytes);
  return bundles
    .toSorted((one, other) => urgency(other) - urgency(one))
    .filter(({ device, bytes }) => {
      if (bytes > left && !required.has(device)) return false;
      left -= bytes;
      return true;
    });
}

/** No round is shorter: some device gets through a unit of the recipe, and the pace is not set by one alone. */
export function shortestRound(devices: readonly PlanDevice[], shape: RunShape): number {
  const whole = uniform(devices, shape).filter(({ samples }) => samples >= recipeSamples(shape));
  const times = whole.map(({ ms }) => ms).sort((left, right) => left - right);
  const median = times[Math.floor((times.length - 1) / 2)] ?? 0;
  return Math.max(times[0] ?? 0, LEAST_OF_MEDIAN * median);
}
