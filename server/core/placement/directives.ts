import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import {
  placementRequest,
  SELECTOR_FIELDS,
  type Assignment,
  type PlacementError,
} from '../../../shared/protocol/placement.ts';
import { issueWords } from '../../../shared/profile/profile.ts';
import type { RunShape } from './plan.ts';

/** A placement from outside that cannot be used; the message says why. */
export class DirectiveError extends Error {
  override name = 'DirectiveError';
  readonly code: PlacementError;

  constructor(code: PlacementError, message: string) {
    super(message);
    this.code = code;
  }
}

/** A device as instructions see it. */
export interface NamedDevice {
  id: string;
  profile: CapabilityProfile;
}

/** Whether an instruction is for this device. */
export function isFor({ device, selector }: Assignment, { id, profile }: NamedDevice): boolean {
  if (device !== undefined) return device === id;
  const { labels = {}, formFactor, engine } = selector ?? {};
  return (
    Object.entries(labels).every(([name, value]) => profile.labels[name] === value) &&
    (formFactor === undefined || profile.formFactor === formFactor) &&
    (engine === undefined || profile.engine?.name === engine)
  );
}

/** For instance `device 0123456789ab` or `room: lab`. */
export function nameOf({ device, selector }: Assignment): string {
  if (device !== undefined) return `device ${device}`;
  const { labels = {}, formFactor, engine } = selector ?? {};
  const words = [
    ...Object.entries(labels).map(([name, value]) => `${name}: ${value}`),
    ...(formFactor === undefined ? [] : [formFactor]),
    ...(engine === undefined ? [] : [engine]),
  ];
  return words.length === 0 ? 'every device' : words.join(', ');
}

/**
 * Checks a placement from outside against the run and the devices that are here.
 * @throws {DirectiveError} naming the first instruction that cannot hold, and why [PL10].
 */
export function readDirectives(
  body: unknown,
  shape: RunShape,
  present: readonly NamedDevice[],
): Assignment[] {
  refuseUnknownSelectors(body);
  const parsed = placementRequest.safeParse(body);
  if (!parsed.success) throw new DirectiveError('MALFORMED', issueWords(parsed.error.issues[0]));
  const { assignments } = parsed.data;
  for (const [index, each] of assignments.entries()) checkAlone(each, `assignments.${index}`, shape, present);
  checkTogether(assignments, shape, present);
  return assignments;
}

function refuseUnknownSelectors(body: unknown): void {
  const { assignments } = (typeof body === 'object' && body !== null ? body : {}) as {
    assignments?: unknown;
  };
  for (const each of Array.isArray(assignments) ? (assignments as unknown[]) : []) {
    const { selector } = (typeof each === 'object' && each !== null ? each : {}) as { selector?: unknown };
    if (typeof selector !== 'object' || selector === null) continue;
    const unknown = Object.keys(selector).find((field) => !SELECTOR_FIELDS.includes(field));
    if (unknown === undefined) continue;
    const known = SELECTOR_FIELDS.join(', ');
    throw new DirectiveError('UNKNOWN_SELECTOR', `Devices are selected by ${known}, not by "${unknown}".`);
  }
}

function checkAlone(each: Assignment, where: string, shape: RunShape, present: readonly NamedDevice[]): void {
  const { device, selector, dataShards, role, batch, localSteps } = each;
  if ((device === undefined) === (selector === undefined))
    throw new DirectiveError('MALFORMED', `${where}: name either a device or a selector.`);
  const absent = dataShards.find((shard) => shard >= shape.dataShards.length);
  if (absent !== undefined) {
    throw new DirectiveError(
      'UNKNOWN_DATA_SHARD',
      `${where}: there is no data shard ${absent}; they are 0 to ${shape.dataShards.length - 1}.`,
    );
  }
  if (role === 'reserve' && dataShards.length > 0)
    throw new DirectiveError('IMPOSSIBLE', `${where}: a device in reserve cannot train on data shards.`);
  if (localSteps !== undefined && shape.steps === null)
    throw new DirectiveError(
      'IMPOSSIBLE',
      `${where}: this run asks for gradients, which have no local steps.`,
    );
  if ((localSteps !== undefined || batch !== undefined) && !shape.elastic)
    throw new DirectiveError(
      'IMPOSSIBLE',
      `${where}: this run counts every update the same, whatever its size.`,
    );
  if (present.some((one) => isFor(each, one))) return;
  if (device !== undefined)
    throw new DirectiveError('UNKNOWN_DEVICE', `${where}: there is no device ${device} here.`);
  throw new DirectiveError('NO_MATCH', `${where}: no device here is ${nameOf(each)}.`);
}

function checkTogether(
  assignments: readonly Assignment[],
  shape: RunShape,
  present: readonly NamedDevice[],
): void {
  const pinned = new Map<number, Assignment>();
  for (const each of assignments) {
    for (const shard of each.dataShards) {
      const other = pinned.get(shard);
      if (other !== undefined) {
        const both = `${nameOf(other)} and ${nameOf(each)}`;
        throw new DirectiveError('CONFLICT', `Data shard ${shard} is given to both ${both}.`);
      }
      pinned.set(shard, each);
    }
  }
  const working = present.filter(
    (device) => !assignments.some((each) => each.role === 'reserve' && isFor(each, device)),
  );
  if (present.length > 0 && working.length < Math.max(1, shape.leastWorkers)) {
    const least = Math.max(1, shape.leastWorkers);
    throw new DirectiveError(
      'IMPOSSIBLE',
      `Work is left for ${working.length} of the devices; the run needs ${least}.`,
    );
  }
  for (const each of assignments) {
    if (each.dataShards.length === 0 || present.some((one) => isFor(each, one) && working.includes(one)))
      continue;
    throw new DirectiveError('IMPOSSIBLE', `${nameOf(each)} is to train on data shards and is in reserve.`);
  }
}
