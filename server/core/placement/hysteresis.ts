import { uniform } from './methods.ts';
import { rateOf, roundMs, type PlacementOption, type PlanDevice, type RunShape } from './plan.ts';
import type { Plan } from './planner.ts';

/* When a new plan takes over from what is in force [PL12]. */

/** A plan of the same devices takes over only if it is better by this. */
const BETTER = 1.1;
/** The recipe's unit for everyone, found by measurement, is left for a plan only if that is better by this. */
const BETTER_THAN_RECIPE = 1.3;

/** The plan, or the recipe's unit for everyone where that is nearly as good: paces are never known to the tenth. */
export function orDefaultUnits(plan: Plan, devices: readonly PlanDevice[], shape: RunShape): Plan {
  const recipe = uniform(devices, shape);
  if (rateOf(plan.bundles, shape) > BETTER_THAN_RECIPE * rateOf(recipe, shape)) return plan;
  return { ...plan, origin: 'uniform', bundles: recipe, roundMs: roundMs(recipe, shape) };
}

/**
 * Whether these bundles take over from those in force: they are for devices that had none, or in place of one that
 * takes too long by now, or better than the ones in force would be at the present pace of the devices.
 */
export function isBetter(
  bundles: readonly PlacementOption[],
  inForce: readonly PlacementOption[],
  devices: readonly PlanDevice[],
  shape: RunShape,
): boolean {
  const asked = new Map(devices.map((device) => [device.device, device]));
  const had = new Set(inForce.map(({ device }) => device));
  if (bundles.some(({ device }) => !had.has(device))) return true;
  const tooLong = inForce.some(({ device, batch, samples }) => {
    const { fixed, maxSamples = 0 } = asked.get(device) ?? {};
    return fixed === null && samples > Math.max(batch, maxSamples);
  });
  const now = inForce.flatMap((bundle): PlacementOption[] => {
    const time = asked.get(bundle.device)?.time ?? null;
    return time === null ? [] : [{ ...bundle, ms: time.overheadMs + bundle.samples * time.msPerSample }];
  });
  return tooLong || rateOf(bundles, shape) > BETTER * rateOf(now, shape);
}
