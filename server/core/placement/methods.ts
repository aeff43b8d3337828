import { lowerMedian } from '../median.ts';
import {
  optionOf,
  optionFor,
  optionWithin,
  rateOf,
  defaultUnitSamples,
  type PlacementOption,
  type PlanDevice,
  type RunShape,
} from './plan.ts';

/* Ways to make a plan without a solver: each a pure function from measured devices to options. */

/** Of what the default unit takes the median device: a round is no shorter, so that one device does not set the pace of all. */
const MIN_OF_MEDIAN = 1 / 4;
const MIN_LENGTHS = 12;
const MAX_LENGTHS = 64;
/** ... so that the coordinator's thread is held for tens of milliseconds at most. */
const MAX_LOOKS = 20_000;
/** Fractions of the default unit whose times are candidates for the length of a round. */
const STRETCHES = [1 / 4, 1 / 2, 1, 2];

/** The default unit for all. */
export function uniform(devices: readonly PlanDevice[], shape: RunShape): PlacementOption[] {
  return devices.flatMap((device) => optionOf(device, shape, defaultUnitSamples(shape)) ?? []);
}

/** Work in proportion to speed, the default unit on average, after MLitB (Meeds et al. 2015): each device has some. */
export function greedy(devices: readonly PlanDevice[], shape: RunShape): PlacementOption[] {
  const measured = devices.filter(({ time }) => time !== null);
  const speeds = measured.map(({ time }) => 1 / (time?.msPerSample ?? Infinity));
  const total = speeds.reduce((sum, speed) => sum + speed, 0);
  const samples = defaultUnitSamples(shape) * measured.length;
  return measured.flatMap((device, index) => {
    const part = (samples * (speeds[index] ?? 0)) / total;
    return optionOf(device, shape, part) ?? optionOf(device, shape, shape.batch) ?? [];
  });
}

/**
 * Each device's largest unit within the time that the default unit takes the median device, and no larger than
 * that: for `async`, where no device waits, and an update that is late is stale.
 */
export function timeBox(devices: readonly PlanDevice[], shape: RunShape): PlacementOption[] {
  const box = lowerMedian(uniform(devices, shape).map(({ ms }) => ms)) ?? 0;
  return devices.flatMap((device) => {
    const recipe = optionOf(device, shape, defaultUnitSamples(shape));
    if (recipe === null) return [];
    if (recipe.ms <= box) return [recipe];
    return optionWithin(device, shape, box) ?? optionOf(device, shape, shape.batch) ?? [];
  });
}

/**
 * The best plan over a grid of lengths of a round. At each length every device takes its largest unit that fits, which
 * is the best there is where nothing couples the devices; where the server's link does, those worth least a byte are
 * left out until it is enough [PL5].
 */
export function sweep(devices: readonly PlanDevice[], shape: RunShape): PlacementOption[] {
  let best: { rate: number; options: PlacementOption[] } = { rate: 0, options: [] };
  for (const length of lengths(devices, shape)) {
    const options = withinLink(
      devices.flatMap((device) => optionFor(device, shape, length) ?? []),
      shape,
      length,
      new Set(devices.flatMap(({ device, required }) => (required ? [device] : []))),
    );
    const rate = rateOf(options, shape);
    // Of equals the longest.
    if (rate >= best.rate) best = { rate, options };
  }
  return best.options;
}

/**
 * Lengths of a round at which something changes: what units of the default size and its fractions take. None is so
 * short that no device completes a default unit: more rounds of less work cost what no unit's time shows.
 */
export function lengths(devices: readonly PlanDevice[], shape: RunShape): number[] {
  const shortest = shortestRound(devices, shape);
  const wanted = STRETCHES.map((range) => range * defaultUnitSamples(shape));
  const all = devices.flatMap((device) =>
    wanted.flatMap((samples) => optionOf(device, shape, samples)?.ms ?? []),
  );
  const sorted = [
    ...new Set([...all.filter((ms) => ms >= shortest), ...(all.length === 0 ? [] : [shortest])]),
  ].sort((left, right) => left - right);
  const most = Math.round(Math.min(MAX_LENGTHS, Math.max(MIN_LENGTHS, MAX_LOOKS / devices.length)));
  const every = Math.max(1, sorted.length / most);
  return Array.from(
    { length: Math.min(sorted.length, most) },
    (_, index) => sorted[Math.floor(index * every)] ?? 0,
  );
}

function withinLink(
  options: PlacementOption[],
  { link }: RunShape,
  length: number,
  required: ReadonlySet<string>,
): PlacementOption[] {
  if (link === null) return options;
  let left = link * length;
  const urgency = ({ device, value, bytes }: PlacementOption) =>
    required.has(device) ? Infinity : value / bytes;
  return options
    .toSorted((one, other) => urgency(other) - urgency(one))
    .filter(({ device, bytes }) => {
      if (bytes > left && !required.has(device)) return false;
      left -= bytes;
      return true;
    });
}

/** No round is shorter: at least one device completes a default unit, and the pace is not set by one alone. */
export function shortestRound(devices: readonly PlanDevice[], shape: RunShape): number {
  const full = uniform(devices, shape).filter(({ samples }) => samples >= defaultUnitSamples(shape));
  const times = full.map(({ ms }) => ms);
  const median = lowerMedian(times);
  return median === undefined ? 0 : Math.max(Math.min(...times), MIN_OF_MEDIAN * median);
}
