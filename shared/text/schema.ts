import * as z from 'zod/mini';
import { printable } from './printable.ts';
import { didYouMean } from './suggest.ts';

/*
 * Schemas of what people write, and the words for what is wrong with it. The message of each schema completes
 * the sentence "the value is not ...".
 */

/** Characters of a name or a value that nobody knows. */
const MAX_SHOWN = 60;

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).check(z.minimum(min, { error }), z.maximum(max, { error }));
}

/** One of these words. */
export function choice<const Word extends string>(words: readonly Word[]) {
  const all = words.join(', ');
  const expected = words.length === 1 ? all : `one of ${all}`;
  return z.literal([...words], { error: ({ input }) => `${expected}${didYouMean(input, words)}` });
}

/** What another schema takes without changing it, which `expected` describes. */
export function described<Value>(schema: z.core.$ZodType<Value>, expected: string) {
  return z.custom<Value>((value) => z.safeParse(schema, value).success, { error: expected });
}

/** An object of these fields and no others; `what` names it, for instance `a layer`. */
export function fields<Shape extends z.core.$ZodShape>(what: string, shape: Shape) {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return `an object with ${names.join(', ')}`;
      const [key = ''] = issue.keys;
      return `${printable(key, MAX_SHOWN)} is no field of ${what}, which has ${names.join(', ')}${didYouMean(key, names)}`;
    },
  });
}

/**
 * What is wrong with a value that a schema of this file refused, in one sentence that names the place and the
 * value. A field that nobody knows goes first: it is mostly the misspelt name of one that is missing.
 * @param place what an index into a list is called, for instance `layers.2 (conv2d)`; by default its path.
 */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  place: (path: readonly PropertyKey[]) => string = (path) => path.join('.'),
): string {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) return 'it is not valid';
  const { code, message, path } = issue;
  if (code === 'unrecognized_keys') return within(place(path), message);
  const wrong = path.reduce<unknown>(
    (outer, key) => (outer as Partial<Record<PropertyKey, unknown>> | undefined)?.[key],
    value,
  );
  const last = path.at(-1);
  const owner = typeof last === 'string' ? place(path.slice(0, -1)) : '';
  const name = typeof last === 'string' ? last : place(path);
  if (name === '') return `${shown(wrong)} is not ${message}`;
  const expected = wrong === undefined ? `is missing: it is ${message}` : `${shown(wrong)} is not ${message}`;
  return within(owner, `${name} ${expected}`);
}

const within = (place: string, sentence: string) => (place === '' ? sentence : `${place}: ${sentence}`);

/** A value as it may have been written, cut where it is long. */
function shown(value: unknown): string {
  // JSON has no NaN, and nothing for what is not there.
  const text =
    typeof value === 'number'
      ? String(value)
      : ((JSON.stringify(value) as string | undefined) ?? 'undefined');
  return printable(text, MAX_SHOWN);
}
