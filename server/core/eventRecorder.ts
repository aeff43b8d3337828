import { EVENT_TYPES, type EventType, type NewEvent, type RunEvent } from '../../shared/protocol/events.ts';
import type { Clock } from './clock.ts';

/** Of each type, this many are kept a minute, and of the others the number; all of an operator's acts are kept [LG3]. */
export const KEPT_A_MINUTE = 60;
const MINUTE_MS = 60_000;

export interface EventRecorderParts {
  clock: Clock;
  /** ISO 8601. */
  date: () => string;
  /** Keeps events, all or none, in order; done when they are durable. */
  append: (events: readonly RunEvent[]) => Promise<void>;
  /** Events could not be kept: the run goes on without them. */
  failed: (error: unknown) => void;
}

/** Takes what happens to a run, gives it its time, and has it kept in order. A flood is cut to its number. */
export class EventRecorder {
  readonly #parts: EventRecorderParts;
  /** Of the present minute, by type. */
  readonly #counts = new Map<EventType, number>();
  #waiting: RunEvent[] = [];
  /** The write that is under way, or was the last. */
  #writing: Promise<void> = Promise.resolve();
  /** The write of what waits, after that one. */
  #next: Promise<void> | null = null;
  #cancelMinute: (() => void) | null = null;
  #closed = false;

  constructor(parts: EventRecorderParts) {
    this.#parts = parts;
  }

  /** Settles when the event is durable, or was left out, or could not be kept, which is told; it never fails. */
  record(event: NewEvent): Promise<void> {
    if (this.#closed || !this.#admits(event)) return Promise.resolve();
    return this.#keep(event);
  }

  /**
   * Says what was left out so far, and settles when everything recorded is kept or given up. What comes later is left
   * out: what keeps it may be closed.
   */
  close(): Promise<void> {
    this.#cancelMinute?.();
    this.#endMinute();
    this.#closed = true;
    return this.#next ?? this.#writing;
  }

  #admits({ type, actor }: NewEvent): boolean {
    if (actor === 'admin') return true;
    this.#cancelMinute ??= this.#parts.clock.after(MINUTE_MS, () => this.#endMinute());
    const count = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, count);
    return count <= KEPT_A_MINUTE;
  }

  #endMinute(): void {
    this.#cancelMinute = null;
    for (const type of EVENT_TYPES) {
      const events = (this.#counts.get(type) ?? 0) - KEPT_A_MINUTE;
      if (events > 0) void this.#keep({ type: 'omitted', actor: 'server', of: type, events });
    }
    this.#counts.clear();
  }

  #keep(event: NewEvent): Promise<void> {
    this.#waiting.push({ ...event, time: this.#parts.date() });
    if (this.#next === null) {
      const write: Promise<void> = this.#writing.then(() => {
        this.#writing = write;
        this.#next = null;
        return this.#write();
      });
      this.#next = write;
    }
    return this.#next;
  }

  /** Writes all that waits at once. */
  async #write(): Promise<void> {
    const events = this.#waiting;
    this.#waiting = [];
    try {
      await this.#parts.append(events);
    } catch (error) {
      this.#parts.failed(error);
    }
  }
}
