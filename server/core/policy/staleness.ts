/** What an update weighs that is some commits behind. */
export const STALENESS_WEIGHTS = {
  none: { help: '1', of: () => 1 },
  /** Zhang et al. 2016 and field practice. */
  sqrt: {
    help: '1 / sqrt(1 + s)',
    of: (staleness) => Math.fround(1 / Math.sqrt(1 + staleness)),
  },
  /** Xie et al. 2019, "Asynchronous Federated Optimization": many workers with local steps need it to converge. */
  inverse: { help: '1 / (1 + s)', of: (staleness) => Math.fround(1 / (1 + staleness)) },
} as const satisfies Record<string, { help: string; of: (staleness: number) => number }>;
export type StalenessWeight = keyof typeof STALENESS_WEIGHTS;
export const STALENESS_WEIGHT_NAMES = Object.keys(STALENESS_WEIGHTS) as StalenessWeight[];

export interface StalenessSettings {
  staleness: StalenessWeight;
  /** An update more commits behind than this is answered STALE. */
  maxStaleness: number;
}

/** What an update of this staleness is multiplied by, float32; null: it is too old to count [PO7]. */
export function ageFactorOf(staleness: number, settings: StalenessSettings): number | null {
  if (staleness > settings.maxStaleness) return null;
  return STALENESS_WEIGHTS[settings.staleness].of(staleness);
}
