import { lowerMedian } from '../median.ts';
import type { LeaseTerms } from '../../../shared/protocol/messages.ts';

/** What an update is of, as far as its norm follows from it. */
export interface NormedUnit {
  kind: LeaseTerms['kind'];
  samples: number;
}

/** An update that became part of the model. */
export interface NormedUpdate extends NormedUnit {
  device: string;
  norm: number;
}

/** Devices of which the last norm is remembered, for each kind and size of unit. */
const MAX_DEVICES = 64;
/** Kinds and sizes of unit that are remembered. */
const MAX_SIZES = 64;
/** Of fewer devices, one that lies decides what is usual. */
const LEAST_DEVICES = 3;

interface Size {
  unit: NormedUnit;
  /** The last of each device, the one that was heard last behind the others. */
  norms: Map<string, number>;
}

/**
 * Which norm updates of a kind and size usually have: the median over devices of the last one of each, so that no
 * device counts for more by sending more. Norms fall as training goes on, and so does what is usual.
 */
export class UsualNorms {
  readonly #sizes = new Map<string, Size>();
  /** What holds while too little was seen. */
  #reference: (NormedUnit & { norm: number }) | null = null;

  /**
   * The server computed a unit itself from the state that the run begins with: that says what is usual until three devices
   * have [NB7]. @param norm of its update.
   */
  refer(unit: NormedUnit, norm: number): void {
    this.#reference = { ...unit, norm };
  }

  /** The usual norm of such an update; of a size that was not seen it is put generously. Undefined: too little was seen. */
  of(unit: NormedUnit): number | undefined {
    const seen = [...this.#sizes.values()].filter(({ norms }) => norms.size >= LEAST_DEVICES);
    const known = seen.map((size) => ({ ...size.unit, norm: medianOf(size.norms) }));
    return nearestTo(unit, known) ?? nearestTo(unit, this.#reference === null ? [] : [this.#reference]);
  }

  /** Takes note of an update that became part of the model. */
  learn({ device, norm, ...unit }: NormedUpdate): void {
    const key = keyOf(unit);
    const norms = this.#sizes.get(key)?.norms ?? new Map<string, number>();
    this.#sizes.delete(key);
    norms.delete(device);
    norms.set(device, norm);
    this.#sizes.set(key, { unit, norms });
    dropOldest(norms, MAX_DEVICES);
    dropOldest(this.#sizes, MAX_SIZES);
  }

  /** What this device sent says nothing of what is usual. */
  forget(device: string): void {
    for (const { norms } of this.#sizes.values()) norms.delete(device);
  }
}

/** The norm of such an update by that of the nearest size of its kind. */
function nearestTo(unit: NormedUnit, known: readonly (NormedUnit & { norm: number })[]): number | undefined {
  const nearest = known
    .filter(({ kind }) => kind === unit.kind)
    .map(({ samples, norm }) => ({ ratio: ratioOf(samples, unit.samples), norm }))
    .toSorted((left, right) => left.ratio - right.ratio)[0];
  return nearest && nearest.ratio * nearest.norm;
}

const keyOf = ({ kind, samples }: NormedUnit): string => `${kind} ${samples}`;

/** A norm grows with the number of local steps by no more than it does, and falls with the images of a gradient by no more. */
const ratioOf = (left: number, right: number): number => Math.max(left / right, right / left);

const medianOf = (norms: ReadonlyMap<string, number>): number => lowerMedian([...norms.values()]) ?? 0;

function dropOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
