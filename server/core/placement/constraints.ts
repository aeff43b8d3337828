import { counted } from '../../../shared/text/counted.ts';
import {
  placementRequest,
  ROLES,
  SELECTOR_FIELDS,
  type PlacementConstraint,
  type PlacementError,
} from '../../../shared/protocol/placement.ts';
import { describeIssues } from '../../../shared/text/schema.ts';
import { didYouMean } from '../../../shared/text/suggest.ts';
import type { Device } from '../crowd/device.ts';
import type { RunShape } from './plan.ts';
import { ableDevices, maxWorkers } from './planDevices.ts';
import { isFor, nameOf } from './selectors.ts';

/** A placement from outside that cannot be used; the message says why. */
export class ConstraintError extends Error {
  override name = 'ConstraintError';
  readonly code: PlacementError;

  constructor(code: PlacementError, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Checks a placement from outside against the run and the devices that are here.
 * @throws {ConstraintError} naming the first constraint that cannot hold, and why [PL10].
 */
export function readConstraints(
  body: unknown,
  shape: RunShape,
  present: readonly Device[],
): PlacementConstraint[] {
  refuseUnknownSelectors(body);
  const parsed = placementRequest.safeParse(body);
  if (!parsed.success) throw new ConstraintError('MALFORMED', describeIssues(parsed.error.issues, body));
  const { constraints } = parsed.data;
  for (const [index, each] of constraints.entries()) checkAlone(each, `constraints.${index}`, shape, present);
  checkTogether(constraints, shape, present);
  return constraints;
}

function refuseUnknownSelectors(body: unknown): void {
  const { constraints } = (typeof body === 'object' && body !== null ? body : {}) as {
    constraints?: unknown;
  };
  for (const each of Array.isArray(constraints) ? (constraints as unknown[]) : []) {
    const { selector } = (typeof each === 'object' && each !== null ? each : {}) as { selector?: unknown };
    if (typeof selector !== 'object' || selector === null) continue;
    const unknown = Object.keys(selector).find((field) => !SELECTOR_FIELDS.includes(field));
    if (unknown === undefined) continue;
    const known = SELECTOR_FIELDS.join(', ');
    const meant = didYouMean(unknown, SELECTOR_FIELDS);
    throw new ConstraintError(
      'UNKNOWN_SELECTOR',
      `Devices are selected by ${known}, not by "${unknown}"${meant || '.'}`,
    );
  }
}

function checkAlone(
  each: PlacementConstraint,
  where: string,
  shape: RunShape,
  present: readonly Device[],
): void {
  const { device, selector, dataShards, role, batch, localSteps } = each;
  if ((device === undefined) === (selector === undefined))
    throw new ConstraintError('MALFORMED', `${where}: name either a device or a selector.`);
  const absent = dataShards.find((shard) => shard >= shape.dataShards.length);
  if (absent !== undefined) {
    throw new ConstraintError(
      'UNKNOWN_DATA_SHARD',
      `${where}: there is no data shard ${absent}; they are 0 to ${shape.dataShards.length - 1}.`,
    );
  }
  if (!ROLES[role].works && dataShards.length > 0)
    throw new ConstraintError('IMPOSSIBLE', `${where}: a device in reserve cannot train on data shards.`);
  if (localSteps !== undefined && shape.steps === null)
    throw new ConstraintError(
      'IMPOSSIBLE',
      `${where}: this run asks for gradients, which have no local steps.`,
    );
  if ((localSteps !== undefined || batch !== undefined) && !shape.elastic)
    throw new ConstraintError(
      'IMPOSSIBLE',
      `${where}: this run counts every update the same, whatever its size.`,
    );
  if (present.some((one) => isFor(each, one))) return;
  if (device !== undefined)
    throw new ConstraintError('UNKNOWN_DEVICE', `${where}: there is no device ${device} here.`);
  throw new ConstraintError('NO_MATCH', `${where}: no device here is ${nameOf(each)}.`);
}

function checkTogether(
  constraints: readonly PlacementConstraint[],
  shape: RunShape,
  present: readonly Device[],
): void {
  const pinned = new Map<number, PlacementConstraint>();
  for (const each of constraints) {
    for (const shard of each.dataShards) {
      const other = pinned.get(shard);
      if (other !== undefined) {
        const both = `${nameOf(other)} and ${nameOf(each)}`;
        throw new ConstraintError('CONFLICT', `Data shard ${shard} is given to both ${both}.`);
      }
      pinned.set(shard, each);
    }
  }
  if (constraints.length === 0 || present.length === 0) return;
  const able = ableDevices(present, constraints, shape);
  const left = able.reduce((sum, device) => sum + maxWorkers(device, constraints), 0);
  const least = Math.min(shape.minWorkers, ableDevices(present, [], shape).length);
  if (left < Math.max(1, least)) {
    throw new ConstraintError(
      'IMPOSSIBLE',
      `Work is left for ${counted(left, 'worker')}; the run needs ${Math.max(1, least)}.`,
    );
  }
  for (const each of constraints) {
    if (each.dataShards.length === 0 || able.some((one) => isFor(each, one))) continue;
    throw new ConstraintError(
      'IMPOSSIBLE',
      `No device that may work is ${nameOf(each)}, to train on data shards.`,
    );
  }
}
