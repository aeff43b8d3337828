import { counted } from '../../../shared/text/counted.ts';
import {
  ROLES,
  type PlacementConstraint,
  type AllocationReport,
} from '../../../shared/protocol/placement.ts';
import { TRUST_STATES } from '../../../shared/protocol/trust.ts';
import type { Device } from '../crowd/device.ts';
import { voicesOf } from '../crowd/trust.ts';
import { samplesOfSize } from '../unit.ts';
import type { DeviceStatus } from '../crowd/deviceStatus.ts';
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
  /** Indices, in the order in which it visits them. */
  dataShards: number[];
  why: string[];
}

/** Fraction of the default unit that a device gets before it is measured. */
const PROBE_FRACTION = 1 / 4;

export interface AllocationParts {
  devices: readonly Device[];
  able: readonly Device[];
  plan: Plan;
  /** Whether the plan holds for what may be asked of a device now. */
  countsOn: (device: Device) => boolean;
  /** Whether the plan is made without the device, which works beside it [TS17]. */
  isApart: (device: Device) => boolean;
  pins: Pins;
  constraints: readonly PlacementConstraint[];
  shape: RunShape;
}

/** The allocation of each device; one that is not in the plan gets a small unit to be measured by, or none, and a reason. */
export function allocationsOf(parts: AllocationParts): Map<string, Allocation> {
  const { devices, able, plan, pins } = parts;
  const working = new Set(able);
  const options = new Map(plan.options.map((option) => [option.device, option]));
  const allocations = new Map(
    devices.map((device) => [
      device.id,
      allocationOf(device, working.has(device), options.get(device.id), parts),
    ]),
  );
  const trained = able.flatMap((device): Trained[] => {
    const allocation = allocations.get(device.id);
    return allocation === undefined || !ROLES[allocation.role].works ? [] : [{ device, allocation }];
  });
  const isExtra = ({ device }: Trained) => parts.isApart(device) || isSilent(device);
  giveDataShards(
    trained.filter((each) => !isExtra(each)),
    pins,
  );
  // They visit data that others visit as well, so that they keep none of it from the model.
  giveDataShards(trained.filter(isExtra), pins);
  return allocations;
}

interface Trained {
  device: Device;
  allocation: Allocation;
}

/** All its leases so far came to nothing. */
const isSilent = ({ history: { applied, lost } }: Device): boolean => applied === 0 && lost > 0;

/** Gives these devices all data shards between them, in proportion to what counts of their work [PL8]. */
function giveDataShards(trained: readonly Trained[], pins: Pins): void {
  const given = assignDataShards(
    pins.free,
    trained.map(({ device: { id, profile, history }, allocation }) => {
      const few = limitsOf(profile).dataShards !== null;
      const workers = Math.min(allocation.workers, voicesOf(history.trust));
      return {
        device: id,
        weight: few ? 0 : samplesOfSize(allocation) * workers,
        had: history.dataShards,
      };
    }),
  );
  for (const { device, allocation } of trained) {
    const pinned = pins.own.get(device.id) ?? [];
    allocation.dataShards = [...pinned, ...(given.get(device.id) ?? [])];
    if (pinned.length > 0) allocation.why.push(`constrained to data shard ${pinned.join(', ')}`);
  }
}

function allocationOf(
  device: Device,
  able: boolean,
  option: PlacementOption | undefined,
  { plan, countsOn, isApart, pins, constraints, shape }: AllocationParts,
): Allocation {
  const limits = limitsOf(device.profile);
  const why = [...limits.reasons];
  const constraint = constraintFor(device, constraints);
  if (constraint !== undefined) why.push(`a constraint for ${nameOf(constraint)}`);
  const none = { batch: shape.batch, steps: shape.steps, workers: 0, dataShards: [] };
  if (!able) return { role: 'reserve', ...none, why: [...why, ...whyNot(device, constraint, shape)] };
  if (!hasData(pins, device.id)) {
    return { role: 'reserve', ...none, why: [...why, 'every data shard is kept for other devices'] };
  }
  const apart = isApart(device);
  if (option !== undefined && countsOn(device) && !apart) {
    const { batch, steps, workers } = option;
    return {
      role: 'train',
      batch,
      steps,
      workers,
      dataShards: [],
      why: [...why, whyOf(option, device, plan, shape)],
    };
  }
  const isTooSlow = apart ? withinRound(device, plan) < smallestUnit(shape) : countsOn(device);
  if (device.times.settled && plan.options.length > 0 && isTooSlow) {
    why.push(`too slow for a round of ${plan.roundMs.toFixed(0)} ms, which it would hold up`);
    return { role: 'reserve', ...none, why };
  }
  const probe = Math.min(
    PROBE_FRACTION * limits.fraction * defaultUnitSamples(shape),
    withinRound(device, plan),
  );
  const small = unitSizeOf(Math.max(shape.batch, probe), shape);
  const { batch, localSteps } = constraint ?? {};
  const given = {
    ...(batch === undefined ? {} : { batch }),
    ...(localSteps === undefined ? {} : { steps: localSteps }),
  };
  const workers = maxWorkers(device, constraints);
  why.push(whySmall(device, apart));
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

function whySmall({ times, trust }: Device, apart: boolean): string {
  if (apart) return `${TRUST_STATES[trust].label}: small units, and a bounded share of all samples`;
  return `${times.settled ? 'the next plan counts on it' : 'not measured yet'}: small units first`;
}

const smallestUnit = (shape: RunShape): number => (shape.elastic ? shape.batch : defaultUnitSamples(shape));

/** Samples that a device whose pace is known does within a round of the plan in force. */
function withinRound({ times: { settled, fit } }: Device, { roundMs, options }: Plan): number {
  if (!settled || fit === null || options.length === 0) return Infinity;
  return (roundMs - fit.overheadMs) / fit.msPerSample;
}

const NOT_NOW = 'it asks for no work now';
/** Why a device of each status has no work; null where it may have some. */
const WANTING: Record<DeviceStatus, string | null> = {
  present: null,
  faulty: 'set aside for bad updates or expired leases',
  left: NOT_NOW,
  gone: NOT_NOW,
};

/** Why a device may have no work, whatever the plan. */
export function whyNot(
  { status, profile }: Device,
  constraint: PlacementConstraint | undefined,
  { requires, prefers }: RunShape,
): string[] {
  const wanting = WANTING[status];
  if (wanting !== null) return [wanting];
  if (profile.engine === null) return ['it has no engine yet'];
  if (constraint !== undefined && !ROLES[constraint.role].works) return ['constrained to the reserve'];
  // Its limits give the reason already.
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
      return `${expected}: the default unit, as other plans are worth little more`;
    case 'time box':
      return `${expected}: the default unit, or what fits in the time that it takes the median device`;
    case 'greedy':
      return `${expected}: in proportion to its pace`;
    case 'sweep':
    case 'ilp':
      return `${expected}: ${samples < defaultUnitSamples(shape) ? 'what fits in' : 'within'} ${round}`;
  }
}
