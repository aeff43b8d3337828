import * as z from 'zod/mini';
import { counted, grouped } from '../text/counted.ts';
import { describeDistance } from './audits.ts';
import { deviceId } from './messages.ts';
import { AUDIT_VERDICTS, TRUST_STATE_NAMES, TRUST_STATES } from './trust.ts';
import { describeStop, RUN_STATE_NAMES, STOP_REASON_NAMES } from './runState.ts';

/* What happens to a run, in one table: the rows of the store, the answers of the API and the console's list follow. */

/** By which the console filters. */
export const EVENT_GROUPS = {
  devices: 'Devices',
  trust: 'Trust',
  plans: 'Plans',
  checkpoints: 'Checkpoints',
  run: 'Run and server',
  operator: 'Operator',
} as const;
export type EventGroup = keyof typeof EVENT_GROUPS;
export const EVENT_GROUP_NAMES = Object.keys(EVENT_GROUPS) as EventGroup[];

const count = z.int().check(z.minimum(0));
/** Characters of a reason or a name that are kept. */
export const MAX_REASON = 500;
const sentence = z.string().check(z.maxLength(MAX_REASON));

interface EventTraits<Fields extends z.core.$ZodLooseShape> {
  group: EventGroup;
  /** For documents. */
  means: string;
  /** What it says beyond its time and actor. */
  fields: Fields;
  /** For people; the actor is shown beside it. */
  says: (fields: z.infer<z.ZodMiniObject<Fields>>) => string;
}

const inWords = (loss: number | null): string => (loss === null ? 'no number' : loss.toPrecision(3));

const event = <Fields extends z.core.$ZodLooseShape>(traits: EventTraits<Fields>) => traits;

const TABLE = {
  served: event({
    group: 'run',
    means: 'A server began to serve the run, in this incarnation, at this version.',
    fields: { incarnation: z.string(), version: count },
    says: ({ version }) => `The server began to serve the run at version ${grouped(version)}.`,
  }),
  closed: event({
    group: 'run',
    means: 'The server ended in good order; after a kill this event is missing.',
    fields: { version: count },
    says: ({ version }) => `The server ended at version ${grouped(version)}.`,
  }),
  state: event({
    group: 'run',
    means: 'The run started, paused or stopped.',
    fields: {
      state: z.enum(RUN_STATE_NAMES),
      stop: z.nullable(z.enum(STOP_REASON_NAMES)),
      version: count,
    },
    says: ({ state, stop, version }) =>
      stop === null
        ? `The run is ${state} at version ${grouped(version)}.`
        : `The run ${describeStop(stop)} at version ${grouped(version)}.`,
  }),
  rescued: event({
    group: 'run',
    means:
      'The loss on a sample of the test images jumped at version `bad`, so the good state of version `of` came back, as `version`; null: no finite number, or nothing usual known.',
    fields: {
      bad: count,
      of: count,
      version: count,
      loss: z.nullable(z.number()),
      usual: z.nullable(z.number()),
    },
    says: ({ bad, of, version, loss, usual }) =>
      `The model went bad at version ${grouped(bad)} (loss ${inWords(loss)}, usual ${inWords(usual)}): version ${grouped(of)} is back, as version ${grouped(version)}.`,
  }),
  undone: event({
    group: 'run',
    means:
      'Updates with half of the weight of version `bad` or more were found wrong by audits, so the good state of version `of` came back, as `version`.',
    fields: { bad: count, of: count, version: count },
    says: ({ bad, of, version }) =>
      `Half or more of what made version ${grouped(bad)} was found wrong: version ${grouped(of)} is back, as version ${grouped(version)}.`,
  }),
  gaveUp: event({
    group: 'run',
    means: 'The model went bad again and again, so the run was paused.',
    fields: { version: count },
    says: ({ version }) =>
      `The model went bad again and again: the run is paused at version ${grouped(version)}. Look at its devices and its settings.`,
  }),
  joined: event({
    group: 'devices',
    means: 'A device joined, with this browser or program.',
    fields: { agent: sentence },
    says: ({ agent }) => `Joined with ${agent}.`,
  }),
  left: event({
    group: 'devices',
    means: 'The person at a device stopped it; `applied` of its updates had become part of the model.',
    fields: { applied: count },
    says: ({ applied }) => `Was stopped by its person after ${counted(applied, 'update')}.`,
  }),
  gone: event({
    group: 'devices',
    means: 'The connection of a device ended; `applied` as above.',
    fields: { applied: count },
    says: ({ applied }) => `Its connection ended after ${counted(applied, 'update')}.`,
  }),
  faulty: event({
    group: 'devices',
    means: 'A device is given no more work on its connection: too many of its units failed in a row.',
    fields: { applied: count },
    says: ({ applied }) =>
      `Is given no more work: too many of its units failed in a row, after ${counted(applied, 'update')}.`,
  }),
  trust: event({
    group: 'trust',
    means:
      'A device came to another state of trust: the device, the state, and why; the actor is who decided it.',
    fields: { device: deviceId, state: z.enum(TRUST_STATE_NAMES), why: sentence },
    says: ({ device, state, why }) => `Device ${device} is ${TRUST_STATES[state].label} now: ${why}.`,
  }),
  audit: event({
    group: 'trust',
    means:
      'A unit of a device was computed again, and its update is not what the unit gives, or neither can be said: how far it is from that, as a multiple of that, and the cosine; null: no finite number.',
    fields: {
      device: deviceId,
      lease: count,
      verdict: z.enum(AUDIT_VERDICTS),
      relative: z.nullable(z.number()),
      cosine: z.nullable(z.number()),
    },
    says: ({ device, verdict, relative, cosine }) =>
      `A unit of device ${device} was computed again: ${describeDistance(relative, cosine)}, which is ${verdict}.`,
  }),
  planned: event({
    group: 'plans',
    means: 'Another plan is in force: its number, what made it, and how many devices have work.',
    fields: { number: count, origin: z.string(), working: count, devices: count },
    says: ({ number, origin, working, devices }) =>
      `Plan ${grouped(number)} (${origin}): work for ${grouped(working)} of ${grouped(devices)} devices.`,
  }),
  saved: event({
    group: 'checkpoints',
    means: 'A checkpoint of this version is on the disk.',
    fields: { version: count },
    says: ({ version }) => `Saved version ${grouped(version)}.`,
  }),
  saveFailed: event({
    group: 'checkpoints',
    means: 'A save failed, for this reason.',
    fields: { reason: sentence },
    says: ({ reason }) => `A save failed: ${reason}.`,
  }),
  act: event({
    group: 'operator',
    means: 'An operator had something done: the action, and what was given with it.',
    fields: { action: z.string(), given: z.unknown() },
    says: ({ action, given }) =>
      given === null || given === undefined ? action : `${action} ${JSON.stringify(given)}`,
  }),
  omitted: event({
    group: 'run',
    means: 'More events of a type came within a minute than are kept: their number.',
    fields: { of: z.string(), events: count },
    says: ({ of, events }) => `${grouped(events)} more events “${of}” within a minute are not listed.`,
  }),
};

export type EventType = keyof typeof TABLE;
export const EVENT_TYPES = Object.keys(TABLE) as EventType[];
type FieldsOf<Type extends EventType> = z.infer<z.ZodMiniObject<(typeof TABLE)[Type]['fields']>>;

/** Who did it: an operator, the server, or a device, by its id. */
const actor = z.union([z.enum(['admin', 'server']), deviceId]);

/** What happened, as it is reported; the time is added when it is recorded. */
export type NewEvent = {
  [Type in EventType]: { type: Type; actor: z.infer<typeof actor> } & FieldsOf<Type>;
}[EventType];
/** @property time ISO 8601. */
export type RunEvent = NewEvent & { time: string };

/** What documents say of each type. */
export const EVENTS_OF_RUNS: Readonly<Record<EventType, Pick<EventTraits<never>, 'group' | 'means'>>> = TABLE;

export const eventType = z.enum(EVENT_TYPES as [EventType, ...EventType[]]);
const typed = z.looseObject({ type: eventType });

/** An event that was kept; null where this release does not know such a one. */
export function readEvent(value: unknown): RunEvent | null {
  const head = typed.safeParse(value);
  if (!head.success) return null;
  const { type } = head.data;
  const schema = z.strictObject({
    type: z.literal(type),
    time: z.iso.datetime(),
    actor,
    ...(TABLE[type].fields as z.core.$ZodLooseShape),
  });
  const read = schema.safeParse(value);
  return read.success ? (read.data as unknown as RunEvent) : null;
}

/** An event as a sentence. */
export function describeEvent(event: RunEvent): string {
  return (TABLE[event.type].says as (fields: RunEvent) => string)(event);
}

/** The types of a group. */
export const typesOf = (group: EventGroup): EventType[] =>
  EVENT_TYPES.filter((type) => TABLE[type].group === group);

/** Events of one answer at most. */
export const MAX_EVENTS_AN_ANSWER = 500;

/** GET /api/v1/runs/:id/events: `types` are separated by commas. */
export const eventsQuery = z.strictObject({
  /** Those after this place; without it, the newest. */
  after: z.optional(z.coerce.number().check(z.int(), z.minimum(0))),
  types: z.optional(
    z.pipe(
      z.pipe(
        z.string(),
        z.transform((text) => text.split(',')),
      ),
      z.array(eventType),
    ),
  ),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(MAX_EVENTS_AN_ANSWER)), 100),
});
export type EventsQuery = z.infer<typeof eventsQuery>;

/** The answer: events by their places, which go up, the oldest first. */
export const eventPage = z.strictObject({
  /** Each is for {@link readEvent}. */
  events: z.array(z.strictObject({ place: count, event: z.unknown() })),
  /** To be given as `after` for those that come later. */
  next: count,
});
export type EventPage = z.infer<typeof eventPage>;
