import type { CodecName } from '../../../shared/codec/codecs.ts';
import type { ReportedEngine } from '../../../shared/profile/profile.ts';
import type { AuditVerdict } from '../../../shared/protocol/trust.ts';
import type { Comparison } from './comparison.ts';

/** What is said of an update of units up to a number of local steps, by its distance from the server's. */
export interface Tolerance {
  /** A gradient is one step. */
  steps: number;
  /** An update that is as near as this is right. */
  right: number;
  /** One that is as far as this is wrong. */
  wrong: number;
  /** And one whose cosine is less than this. */
  cosine: number;
}

/**
 * Set from the tables that `npm run bench:audits` prints, which are in docs/benchmarks.md. Honest updates are within
 * millionths, but now and then a maximum or a ReLU decides the other way, and the steps after it amplify that: with
 * each row honest updates go farther, and attackers who train, on other samples or less, come nearer. Both `wrong` and
 * `cosine` have a margin to the farthest honest update, and lie this side of zeros, flipped signs and flipped labels.
 */
const MEASURED: readonly Tolerance[] = [
  { steps: 10, right: 0.02, wrong: 0.3, cosine: 0.9 },
  { steps: 100, right: 0.02, wrong: 0.8, cosine: 0.7 },
  { steps: 480, right: 0.02, wrong: 1.1, cosine: 0.5 },
  { steps: Infinity, right: 0.02, wrong: 1.25, cosine: 0.4 },
];

/** Of WebGL on phones, which has less than 24 bits of mantissa in places; not measured on such a device. */
const COARSE: readonly Tolerance[] = MEASURED.map((row) => ({ ...row, right: 0.05 }));

/** By the engine that a device reports. The server's is SIMD, strict or relaxed, and both where the first is not near. */
const TOLERANCES: Readonly<Record<ReportedEngine, readonly Tolerance[]>> = {
  wasm: MEASURED,
  webgpu: MEASURED,
  'tfjs-webgpu': MEASURED,
  'tfjs-webgl': COARSE,
  'tfjs-cpu': MEASURED,
  scripted: MEASURED,
};

/** What a codec may add to the distance of an update that is right. */
const ROUNDED_BY: Readonly<Record<CodecName, number>> = { float32: 0, float16: 0.01 };

/** How an update came to be. */
export interface Made {
  /** As the device reports it; null, which it does not, is taken for WebAssembly. */
  engine: ReportedEngine | null;
  /** Local steps; a gradient is one. */
  steps: number;
  codec: CodecName;
}

/** The tolerance for an update that was made so. */
export function toleranceOf({ engine, steps, codec }: Made): Tolerance {
  const tolerance = TOLERANCES[engine ?? 'wasm'].find((each) => steps <= each.steps);
  if (tolerance === undefined) throw new RangeError(`there is no tolerance for ${steps} steps`);
  return { ...tolerance, right: tolerance.right + ROUNDED_BY[codec] };
}

/**
 * What a comparison says of an update [AT11]. Where the distance is no number, as where the server comes to zero or
 * leaves the numbers, or the difference is what rounding may make, nobody is accused; nor where it is no greater than
 * that of the server's own results.
 */
export function verdictOf({ relative, cosine, spread, isRounding }: Comparison, made: Made): AuditVerdict {
  const tolerance = toleranceOf(made);
  if (relative <= tolerance.right) return 'right';
  if (!Number.isFinite(relative) || isRounding) return 'unclear';
  const isFar = relative >= tolerance.wrong || cosine < tolerance.cosine;
  if (relative <= spread) return isFar ? 'unclear' : 'right';
  return isFar ? 'wrong' : 'unclear';
}
