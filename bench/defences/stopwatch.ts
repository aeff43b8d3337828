/** How fast a server took updates, and what that took of it. */
export interface Pace {
  updatesPerSecond: number;
  /** Processor time of the server's main thread for an update, in milliseconds; null where the machine does not tell. */
  threadMs: number | null;
}

export interface Timed extends Pace {
  /** Updates a second from the first one on, without a warm-up. */
  fromTheStart: number;
}

export interface StopwatchSettings {
  /** Updates before those that are timed. */
  warmUp: number;
  /** Updates that are timed. */
  updates: number;
  /** Milliseconds, from any time on. */
  now: () => number;
  /** Of the main thread so far, in milliseconds. */
  threadMs: () => number | null;
}

interface Reading {
  updates: number;
  at: number;
  threadMs: number | null;
}

/** Times updates by how many there were at times that others choose. */
export class Stopwatch {
  readonly #settings: StopwatchSettings;
  #first: Reading | null = null;
  #warm: Reading | null = null;

  constructor(settings: StopwatchSettings) {
    this.#settings = settings;
  }

  /** There were that many updates so far. @returns what was timed, once there were enough; null before. */
  read(updates: number): Timed | null {
    const { now, threadMs, warmUp } = this.#settings;
    const reading = { updates, at: now(), threadMs: threadMs() };
    if (updates > 0) this.#first ??= reading;
    if (updates >= warmUp) this.#warm ??= reading;
    if (this.#first === null || this.#warm === null) return null;
    if (updates - this.#warm.updates < this.#settings.updates) return null;
    return {
      ...paceOf(this.#warm, reading),
      fromTheStart: paceOf(this.#first, reading).updatesPerSecond,
    };
  }
}

function paceOf(from: Reading, to: Reading): Pace {
  const updates = to.updates - from.updates;
  const thread = to.threadMs === null || from.threadMs === null ? null : to.threadMs - from.threadMs;
  return {
    updatesPerSecond: (1000 * updates) / (to.at - from.at),
    threadMs: thread === null ? null : thread / updates,
  };
}
