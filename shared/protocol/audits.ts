import * as z from 'zod/mini';

const count = z.int().check(z.minimum(0));

/** What the audits of a run came to since its server started. */
export const auditReport = z.strictObject({
  /** Updates that are what their units give, that are not, and of which neither can be said. */
  right: count,
  wrong: count,
  unclear: count,
  /** Of processor time. */
  seconds: z.number().check(z.minimum(0)),
  /** The same as a share of one core, 0 to 1. */
  share: z.number().check(z.minimum(0), z.maximum(1)),
});
export type AuditReport = z.infer<typeof auditReport>;

/** How far an update is from what the server computed of its unit, as a clause for people; null: no finite number. */
export function describeDistance(relative: number | null, cosine: number | null): string {
  if (relative === null || cosine === null) return 'its update cannot be compared with what its unit gives';
  const lengths = `${relative.toPrecision(2)} times the length of what its unit gives`;
  return `its update is ${lengths} away from that (cosine ${cosine.toFixed(2)})`;
}

/** A figure as JSON can hold it. */
export const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
