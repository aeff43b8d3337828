import type { Clock } from '../core/clock.ts';

/*
 * The time of this machine, and the only place that reads it: how it passes, and what date it is. Setting the date
 * moves the calendar and not the clock [TI1].
 */

/** What date it is on this machine: for what people and other programs are told, never for how long something took. */
export interface Calendar {
  today(): Date;
}

/** The clock of this machine. Timers do not keep the process alive: what is served does. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, task) => {
    const timer = setTimeout(task, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The calendar of this machine. */
export const machineCalendar: Calendar = { today: () => new Date() };
