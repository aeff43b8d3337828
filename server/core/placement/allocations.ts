import { counted } from '../../../shared/text/counted.ts';
import {
  ROLES,
  type PlacementConstraint,
  type AllocationReport,
} from '../../../shared/protocol/placement.ts';
import type { Device } from '../crowd/device.ts';
import { limitsOf } from './limits.ts';
import { assignDataShards } from './dataShards.ts';
import { matches, nameOf, describeSelector } from './selectors.ts';
import { hasData, type Pins } from './pins.ts';
import { defaultUnitSamples, unitSizeOf, type PlacementOption, type RunShape } from './plan.ts';
import { constraintFor, maxWorkers } from './planDevices.ts';
import type { Plan } from './planner.ts';

/** What is in force for one device. */
export interface Allocation {
  role: AllocationReport['role'];
  batch: number;
  /** Null: gradients. */
  steps: number | null;
  /** That may have work at a time. */
  workers: number;
  /** Indices, in the order in which it walks through them. */
  dataShards: number[];
  why: string[];
}

/** What a device that has not been measured gets, of the recipe's unit. */
const PROBE_SHARE = 1 / 4;

export interface AllocationParts {
  devices: readonly Device[];
  able: readonly Device[];
  plan: Plan;
  /** Whether the plan holds for what may be asked of a device now. */
  countsOn: (device: Device) => boolean;
  pins: Pins;
  assignments: readonly PlacementConstraint[];
  shape: RunShape;
}

/** Everyone's share of a plan; who is not in it has a small unit to be measured by, or none, and a reason. */
export function allocationsOf(parts: AllocationParts): Map<string, Allocation> {
  const { devices, able, plan, pins } = parts;
  const working = new Set(able);
  const bundles = new Map(plan.bundles.map((bundle) => [bundle.device, bundle]));
  const shares = new Map(
    devices.map((device) => [device.id, shareOf(device, working.has(device), bundles.get(device.id), parts)]),
  );
  const trained = able.flatMap(({ id, profile, history }) => {
    const share = shares.get(id);
    return share === undefined || !ROLES[share.role].works ? [] : [{ id, profile, history, share }];
  });
  const given = assignDataShards(
    pins.free,
    trained.map(({ id, profile, history, share }) => {
      const few = limitsOf(profile).dataShards !== null;
      return {
        device: id,
        weight: few ? 0 : share.batch * (share.steps ?? 1) * share.workers,
        had: history.dataShards,
      };
    }),
  );
  for (const { id, share } of trained) {
    const pinned = pins.own.get(id) ?? [];
    share.dataShards = [...pinned, ...(given.get(id) ?? [])];
    if (pinned.length > 0) share.why.push(`told to train on data shard ${pinned.join(', ')}`);
  }
  return shares;
}

function shareOf(
  device: Device,
  able: boolean,
  bundle: PlacementOption | undefined,
  { plan, countsOn, pins, assignments, shape }: AllocationParts,
): Allocation {
  const courtesy = limitsOf(device.profile);
  const why = [...courtesy.reasons];
  const instruction = constraintFor(device, assignments);
  if (instruction !== undefined) why.push(`an instruction for ${nameOf(instruction)}`);
  const none = { batch: shape.batch, steps: shape.steps, workers: 0, dataShards: [] };
  if (!able) return { role: 'reserve', ...none, why: [...why, ...whyNot(device, instruction, shape)] };
  if (!hasData(pins, device.id)) {
    return { role: 'reserve', ...none, why: [...why, 'every data shard is kept for other devices'] };
  }
  if (bundle !== undefined && countsOn(device)) {
    const { batch, steps, workers } = bundle;
    return {
      role: 'train',
      batch,
      steps,
      workers,
      dataShards: [],
      why: [...why, whyOf(bundle, device, plan, shape)],
    };
  }
  if (device.times.settled && plan.bundles.length > 0 && countsOn(device)) {
    why.push(`too slow for a round of ${plan.roundMs.toFixed(0)} ms, which it would hold up`);
    return { role: 'reserve', ...none, why };
  }
  const probe = Math.min(
    PROBE_SHARE * courtesy.fraction * defaultUnitSamples(shape),
    withinRound(device, plan),
  );
  const small = unitSizeOf(Math.max(shape.batch, probe), shape);
  const { batch, localSteps } = instruction ?? {};
  const given = {
    ...(batch === undefined ? {} : { batch }),
    ...(localSteps === undefined ? {} : { steps: localSteps }),
  };
  const workers = maxWorkers(device, assignments);
  why.push(
    device.times.settled
      ? 'the next plan counts on it: small units first'
      : 'not measured yet: small units first',
  );
  return {
    role: 'probe',
    batch: shape.batch,
    steps: shape.steps,
    ...small,
    ...given,
    workers,
    dataShards: [],
    why,
  };
}

/** Samples that a device whose pace is known does within a round of the plan in force. */
function withinRound({ times: { settled, fit } }: Device, { roundMs, bundles }: Plan): number {
  if (!settled || fit === null || bundles.length === 0) return Infinity;
  return (roundMs - fit.overheadMs) / fit.msPerSample;
}

/** Why a device may have no work, whatever the plan. */
export function whyNot(
  { status, profile }: Device,
  instruction: PlacementConstraint | undefined,
  { requires, prefers }: RunShape,
): string[] {
  if (status === 'faulty') return ['set aside for bad updates or leases never done'];
  if (status !== 'present') return ['it wants no work now'];
  if (profile.engine === null) return ['it has no engine yet'];
  if (instruction !== undefined && !ROLES[instruction.role].works) return ['told to wait in reserve'];
  // Its courtesy says why already.
  if (limitsOf(profile).reserve) return [];
  if (!matches(requires, { profile })) return [`this run requires ${describeSelector(requires)}`];
  if (matches(prefers, { profile })) return [];
  return [`this run prefers ${describeSelector(prefers)}, and enough of those are here`];
}

function whyOf({ samples, ms }: PlacementOption, { times }: Device, plan: Plan, shape: RunShape): string {
  const pace =
    times.fit === null ? '' : ` at ${(1000 / times.fit.msPerSample).toFixed(0)} samples/s a worker`;
  const expected = `${counted(samples, 'sample')} in about ${ms.toFixed(0)} ms${pace}`;
  const round = `a round of ${plan.roundMs.toFixed(0)} ms`;
  switch (plan.origin) {
    case 'uniform':
      return `${expected}: the recipe's unit, as other plans promise little more`;
    case 'time box':
      return `${expected}: the recipe's unit, or what fits in the time that it takes the median device`;
    case 'greedy':
      return `${expected}: in proportion to its pace`;
    case 'sweep':
    case 'ilp':
      return `${expected}: ${samples < defaultUnitSamples(shape) ? 'what fits in' : 'within'} ${round}`;
  }
}
