import { uniform } from './methods.ts';
import { rateOf, roundMs, type PlacementOption, type PlanDevice, type RunShape } from './plan.ts';
import type { Plan } from './planner.ts';

/* When a new plan replaces the one in force [PL12]. */

/** A plan of the same devices replaces the one in force only if it is better by this factor. */
const BETTER = 1.1;
/** A plan replaces the default unit for all, whose size was measured, only if it is better by this factor. */
const BETTER_THAN_DEFAULT = 1.3;

/** The plan, or the default unit for all where that is nearly as good: paces are never known to the tenth. */
export function orDefaultUnits(plan: Plan, devices: readonly PlanDevice[], shape: RunShape): Plan {
  const recipe = uniform(devices, shape);
  if (rateOf(plan.options, shape) > BETTER_THAN_DEFAULT * rateOf(recipe, shape)) return plan;
  return { ...plan, origin: 'uniform', options: recipe, roundMs: roundMs(recipe, shape) };
}

/**
 * Whether these options replace those in force: they are for devices that had none, or in place of one that
 * takes too long by now, or better than the ones in force would be at the present pace of the devices.
 */
export function isBetter(
  options: readonly PlacementOption[],
  inForce: readonly PlacementOption[],
  devices: readonly PlanDevice[],
  shape: RunShape,
): boolean {
  const asked = new Map(devices.map((device) => [device.device, device]));
  const had = new Set(inForce.map(({ device }) => device));
  if (options.some(({ device }) => !had.has(device))) return true;
  const tooLong = inForce.some(({ device, batch, samples }) => {
    const { fixed, maxSamples = 0 } = asked.get(device) ?? {};
    return fixed === null && samples > Math.max(batch, maxSamples);
  });
  const now = inForce.flatMap((option): PlacementOption[] => {
    const time = asked.get(option.device)?.time ?? null;
    return time === null ? [] : [{ ...option, ms: time.overheadMs + option.samples * time.msPerSample }];
  });
  return tooLong || rateOf(options, shape) > BETTER * rateOf(now, shape);
}
