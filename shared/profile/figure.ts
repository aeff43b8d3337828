import * as z from 'zod/mini';

/** Whose word a figure is: the server measured it, the device says so, or nobody knows. */
export const FIGURE_SOURCES = ['measured', 'reported', 'unknown'] as const;

/** A number that people are shown of a device, with whose word it is. */
export const figure = z.strictObject({
  /** Null where it is unknown. */
  value: z.nullable(z.number()),
  source: z.enum(FIGURE_SOURCES),
});
export type Figure = z.infer<typeof figure>;

export const UNKNOWN: Figure = { value: null, source: 'unknown' };

/** What the server measured itself. */
export const measured = (value: number | null): Figure =>
  value === null ? UNKNOWN : { value, source: 'measured' };

/** What the device says. */
export const reported = (value: number | null): Figure =>
  value === null ? UNKNOWN : { value, source: 'reported' };
