import { FORM_FACTORS, type CapabilityProfile, type Visibility } from '../../shared/profile/profile.ts';
import type { Figure } from '../../shared/profile/figure.ts';
import type { DeviceFigures } from '../../shared/protocol/admin.ts';
import { counted } from '../../shared/text/counted.ts';
import { formatBytes, formatRate } from '../page/format.ts';
import { describeEngine } from '../page/words.ts';

const VISIBILITY_WORDS: Record<Visibility, string[]> = { visible: [], hidden: ['hidden'], unknown: [] };

/** What a device is, for instance `phone, 8 cores, 4 workers, 30% battery, room: lab`. */
export function describeProfile({
  formFactor,
  cores,
  memoryGiB,
  workers,
  secureContext,
  labels,
  conditions: { battery, metered, visibility },
}: CapabilityProfile): string {
  return [
    ...(FORM_FACTORS[formFactor].isKnown ? [formFactor] : []),
    counted(cores, 'core'),
    ...(memoryGiB === null ? [] : [`${Math.round(memoryGiB)} GiB`]),
    ...(workers === 1 ? [] : [`${workers} workers`]),
    ...(battery === null || battery.charging ? [] : [`${Math.round(100 * battery.level)}% battery`]),
    ...(metered === true ? ['metered'] : []),
    ...VISIBILITY_WORDS[visibility],
    ...(secureContext ? [] : ['not over https']),
    ...Object.entries(labels).map(([name, value]) => `${name}: ${value}`),
  ].join(', ');
}

/** Whose word a figure is. */
const SOURCE_WORDS: Record<Figure['source'], string> = {
  measured: 'measured',
  reported: 'reported',
  unknown: 'unknown',
};

/** A figure with whose word it is, for instance `12 ms (reported)`. */
function figureWords({ value, source }: Figure, words: (value: number) => string): string {
  const whose = SOURCE_WORDS[source];
  return value === null ? whose : `${words(value)} (${whose})`;
}

/** What is known of a device's connection. */
export function describeConnection({ roundTripMs, downlink, uplink }: DeviceFigures): string {
  const speed = (bytes: number) => `${formatBytes(bytes)}/s`;
  return [
    `Round trip ${figureWords(roundTripMs, (ms) => `${ms.toFixed(1)} ms`)}`,
    `downlink ${figureWords(downlink, speed)}`,
    `uplink ${figureWords(uplink, speed)}`,
  ].join('; ');
}

/** What one worker of a device does with each engine, for instance `WebAssembly 12,345 samples/s (measured)`. */
export function describeEngineFigure({ engines }: DeviceFigures): string {
  return engines
    .map(({ engine, samplesPerSecond }) => {
      const rate = figureWords(samplesPerSecond, (value) => `${formatRate(value)} samples/s`);
      return `${describeEngine(engine)} ${rate}`;
    })
    .join('; ');
}
