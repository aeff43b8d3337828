import type { PlacementConstraint } from '../../../shared/protocol/placement.ts';
import type { Device } from '../crowd/device.ts';
import { isBounded } from './bounded.ts';
import { limitsOf } from './limits.ts';
import type { RunShape } from './plan.ts';
import { constraintFor, mayWork } from './planDevices.ts';

/** What may be asked of a device, as text: while it is the same, what was planned for the device is valid. */
export function planningKeyOf(
  device: Device,
  constraints: readonly PlacementConstraint[],
  shape: RunShape,
): string {
  const { id, status, profile, times } = device;
  const { workers, fraction, dataShards } = limitsOf(profile);
  const kind = !mayWork(device, constraints, shape) ? 'held' : times.settled ? 'known' : 'new';
  const engine = profile.engine?.name ?? 'none';
  const { workers: told, batch, localSteps } = constraintFor(device, constraints) ?? {};
  const bounded = isBounded(device);
  return [id, status, engine, kind, bounded, workers, fraction, dataShards, told, batch, localSteps].join(
    ' ',
  );
}

/** The planning keys of the devices that are here. */
export class PlanningKeys {
  readonly #texts = new Map<string, string>();
  #changes = 0;

  /** Counts the changes. */
  get changes(): number {
    return this.#changes;
  }

  /** Sets the key of a device; null: it is not here any more. Returns whether that is a change. */
  note(device: string, text: string | null): boolean {
    const before = this.#texts.get(device) ?? null;
    if (text === before) return false;
    if (text === null) this.#texts.delete(device);
    else this.#texts.set(device, text);
    this.#changes++;
    return true;
  }

  of(device: string): string | undefined {
    return this.#texts.get(device);
  }
}
