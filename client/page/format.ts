/* Figures as people read them. A figure that is not there yet is a dash. */

export const NONE = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,234,567` */
export const formatCount = (count: number): string => whole.format(count);

/** A rate a second: whole from 10 up, one decimal below. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return NONE;
  return perSecond >= 9.95 || perSecond === 0 ? whole.format(perSecond) : perSecond.toFixed(1);
}

/**
 * A fraction from 0 to 1 as a percentage. Rounds down, so that a target that is shown as reached has been reached;
 * the margin takes up the error of a fraction such as 0.29 that floats cannot hold.
 */
export function formatPercent(fraction: number | null, decimals = 2): string {
  if (fraction === null || !Number.isFinite(fraction)) return NONE;
  const scale = 10 ** decimals;
  return `${(Math.floor(fraction * 100 * scale + 1e-6) / scale).toFixed(decimals)}%`;
}

/** A loss: four decimals, fewer where it is large. */
export function formatLoss(loss: number | null): string {
  if (loss === null || !Number.isFinite(loss)) return NONE;
  return loss < 100 ? loss.toFixed(4) : loss.toFixed(1);
}

/** `42 s`, `3 min 05 s`, `2 h 07 min` */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min ${two(total % 60)} s`;
  return `${Math.floor(total / 3600)} h ${two(Math.floor((total % 3600) / 60))} min`;
}

/** Decimal units: `0 B`, `1.2 kB`, `34 MB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 || value >= 9.95 ? whole.format(value) : value.toFixed(1);
  return `${text} ${units[unit] ?? ''}`;
}

/** For axes: `950`, `12k`, `1.5M` */
export function formatShort(count: number): string {
  const trim = (value: number) => String(Number(value.toFixed(1)));
  if (Math.abs(count) >= 1e9) return `${trim(count / 1e9)}G`;
  if (Math.abs(count) >= 1e6) return `${trim(count / 1e6)}M`;
  if (Math.abs(count) >= 1e3) return `${trim(count / 1e3)}k`;
  return trim(count);
}
