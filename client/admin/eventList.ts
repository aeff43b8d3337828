import { readEvent, type EventPage, type RunEvent } from '../../shared/protocol/events.ts';

/** More than anybody reads; the API has the rest. */
export const MAX_LISTED = 200;

export interface ListedEvent {
  place: number;
  event: RunEvent;
}

/** The newest events that were fetched, the newest first, and where to go on [LG6]. */
export class EventList {
  #events: ListedEvent[] = [];
  #next: number | null = null;

  get events(): readonly ListedEvent[] {
    return this.#events;
  }

  /** To be given as `after`; null before the first page. */
  get next(): number | null {
    return this.#next;
  }

  /** Adds a page; an event that this page of the console does not know is left out. */
  add({ events, next }: EventPage): void {
    this.#next = next;
    const news = events.flatMap(({ place, event }) => {
      const read = readEvent(event);
      return read === null ? [] : [{ place, event: read }];
    });
    this.#events = [...news.reverse(), ...this.#events].slice(0, MAX_LISTED);
  }
}
