import {
  MAX_EVENTS_AN_ANSWER,
  readEvent,
  type EventPage,
  type EventsQuery,
} from '../../shared/protocol/events.ts';
import type { Store } from '../store/store.ts';

/** What was recorded of a run: those of the wanted types after a place, or the newest. */
export async function listEvents(
  { events: log }: Pick<Store, 'events'>,
  run: string,
  { after, types, limit }: EventsQuery,
): Promise<EventPage> {
  const wanted = (entry: unknown) => {
    const event = readEvent(entry);
    return event !== null && (types === undefined || types.includes(event.type)) ? event : null;
  };
  const events: EventPage['events'] = [];
  if (after === undefined) {
    const all = await log.list(run, { order: 'descending', ...(types === undefined && { limit }) });
    for (const { place, entry } of all) {
      if (events.length === limit) break;
      const event = wanted(entry);
      if (event !== null) events.unshift({ place, event });
    }
    return { events, next: all[0]?.place ?? 0 };
  }
  let next = after;
  for (;;) {
    const page = await log.list(run, { after: next, limit: MAX_EVENTS_AN_ANSWER });
    for (const { place, entry } of page) {
      next = place;
      const event = wanted(entry);
      if (event !== null) events.push({ place, event });
      if (events.length === limit) return { events, next };
    }
    if (page.length < MAX_EVENTS_AN_ANSWER) return { events, next };
  }
}
