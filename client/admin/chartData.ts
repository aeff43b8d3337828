import type { Measurement } from '../../shared/protocol/admin.ts';
import { formatDuration, formatShort } from '../page/format.ts';

interface AxisTraits {
  /** Of a measurement. */
  key: 'seconds' | 'samples';
  unitOf: (last: number) => { divisor: number; label: string };
  /** Where a point lies, in words. */
  where: (value: number) => string;
}

/** What a chart's x axis may be, by the value of the switch. */
export const X_AXES = {
  time: { key: 'seconds', unitOf: timeUnit, where: (seconds) => `at ${formatDuration(seconds)}` },
  samples: {
    key: 'samples',
    unitOf: () => ({ divisor: 1, label: 'Samples trained' }),
    where: (samples) => `after ${formatShort(samples)} samples`,
  },
} as const satisfies Record<string, AxisTraits>;
export type XAxis = keyof typeof X_AXES;

export interface Plotted {
  xs: number[];
  ys: number[];
  /** The label of the x axis, with its unit. */
  xLabel: string;
  /** Where each point lies, in words. */
  where: string[];
}

/** The largest unit that leaves a few whole ticks. */
function timeUnit(seconds: number): { divisor: number; label: string } {
  if (seconds < 180) return { divisor: 1, label: 'Time (s)' };
  if (seconds < 3 * 3600) return { divisor: 60, label: 'Time (min)' };
  return { divisor: 3600, label: 'Time (h)' };
}

/** The points of one chart, ascending in x as uPlot needs them, whatever order the measurements finished in. */
export function plot(
  measurements: readonly Measurement[],
  y: 'testAccuracy' | 'testLoss',
  x: XAxis,
): Plotted {
  const { key, unitOf, where } = X_AXES[x];
  const sorted = measurements.toSorted((a, b) => a[key] - b[key]);
  const unit = unitOf(sorted.at(-1)?.[key] ?? 0);
  return {
    xs: sorted.map((point) => point[key] / unit.divisor),
    ys: sorted.map((point) => point[y]),
    xLabel: unit.label,
    where: sorted.map((point) => where(point[key])),
  };
}

/** From the tenth below the lowest accuracy to 1, so that the last percents stay legible. */
export function accuracyRange(lowest: number): [number, number] {
  return [Math.min(0.9, Math.max(0, Math.floor(lowest * 10) / 10)), 1];
}

/** From 0 to a little above the highest loss. */
export function lossRange(highest: number): [number, number] {
  return [0, highest > 0 ? highest * 1.08 : 1];
}

/** From 0, so that the speed of learning can be read off; with one point at 0, to 1. */
export function xRange(last: number): [number, number] {
  return [0, last > 0 ? last : 1];
}
