import type { KeyRange } from '../../shared/model/ranges.ts';
import { RULES } from '../core/aggregation/rules.ts';
import { MODES } from '../core/policy/modes.ts';
import type { PlanSettings } from '../core/placement/planKeeper.ts';
import type { DataShardRef } from '../core/unit.ts';
import type { Config } from '../config/config.ts';
import { SOLVER_BUDGET_MS } from '../threads/solver.ts';
import { bytesOfUnit } from './unitBytes.ts';

/** What placement has to know of the run. */
export function placementOf(config: Config, dataShards: DataShardRef[], ranges: KeyRange[]): PlanSettings {
  const { spec, mode, aggregation, batch, local, roundSize, leaseSeconds, placement, linkMbit, codec } =
    config;
  const [height, width, channels] = spec.input;
  const largest = Math.max(...dataShards.map(({ samples }) => samples));
  return {
    method: placement,
    repeatable: config.repeatable,
    shape: {
      mode,
      batch,
      steps: local?.steps ?? null,
      dataShards,
      // An async commit counts an update the same whatever number of samples a gradient is the mean of.
      elastic: RULES[aggregation].countsSamples && (local !== null || MODES[mode].sizedBy !== null),
      bytesPerUnit: bytesOfUnit(ranges, codec),
      bytesPerDataShard: largest * (height * width * channels + 1),
      minWorkers: MODES[mode].hasRounds && roundSize !== 'all' ? roundSize : 1,
      maxMs: (leaseSeconds * 1000) / 2,
      link: linkMbit === null ? null : (linkMbit * 1e6) / 8 / 1000,
      roundOverheadMs: 0,
      requires: config.requires ?? {},
      prefers: config.prefers ?? {},
    },
    budgetMs: SOLVER_BUDGET_MS,
  };
}
