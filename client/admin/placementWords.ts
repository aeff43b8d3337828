import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import type { AllocationReport, PlanOrigin, Role } from '../../shared/protocol/placement.ts';
import { counted } from '../../shared/text/counted.ts';
import { formatCount, formatRate } from '../page/format.ts';

/** For instance `120 x 4 images`, or `none`. */
export function describeUnit({ role, batch, localSteps }: AllocationReport): string {
  const images =
    localSteps === null ? counted(batch, 'image') : `${formatCount(localSteps)} × ${counted(batch, 'image')}`;
  return UNITS[role](images);
}

const UNITS: Record<Role, (images: string) => string> = {
  train: (images) => images,
  probe: (images) => `${images}, to be measured`,
  reserve: () => 'none: in reserve',
};

/** Data shards and reasons. */
export function describeAllocation({ dataShards, workers, why }: AllocationReport): string {
  const held =
    dataShards.length === 1 ? `data shard ${dataShards[0] ?? ''}` : `${dataShards.length} data shards`;
  const sentences = [
    ...(dataShards.length === 0 ? [] : [held]),
    ...(workers > 1 ? [`${workers} workers`] : []),
    ...why,
  ];
  return sentences.join('; ');
}

const ORIGINS: Record<PlanOrigin, string> = {
  uniform: 'the same unit for all',
  greedy: 'work in proportion to pace',
  sweep: 'rounds as long as pays best',
  ilp: 'rounds as long as pays best, by an integer program',
  'time box': 'units within the time of the median device',
};

/** What plan is in force, for instance `Plan 3: rounds as long as pays best, about 42 ms`. */
export function describePlan({ number, origin, roundMs }: AdminSnapshot['placement']): string {
  const how = ORIGINS[origin];
  if (number === 0) return `No plan yet: ${how}`;
  return `Plan ${formatCount(number)}: ${how}${roundMs > 0 ? `, about ${formatCount(Math.round(roundMs))} ms` : ''}`;
}

/** What each plan that was made is worth, the best first. */
export function describeValue({ values, solver }: AdminSnapshot['placement']): string {
  const sorted = Object.entries(values).sort(([, left], [, right]) => right - left);
  const worth = sorted.map(([name, value]) => `${name} ${formatRate(value)}`).join(', ');
  return worth === '' ? '' : `Samples' worth a second: ${worth}. Solver: ${solver}.`;
}

/** What waits for a device that is not here. */
export function describeWaiting({ waiting }: AdminSnapshot['placement']): string {
  return waiting
    .map(({ dataShards, why }) => {
      const many = dataShards.length > 1;
      return `Data shard${many ? 's' : ''} ${dataShards.join(', ')} ${many ? why : why.replace(/^wait /, 'waits ')}.`;
    })
    .join(' ');
}
