import { z } from 'zod';
import {
  deviceLabels,
  FORM_FACTOR_NAMES,
  MAX_LABELS,
  type DeviceLabels,
} from '../../shared/profile/profile.ts';
import { selector, type Selector } from '../../shared/protocol/placement.ts';

/** What commander or the environment hands over for one setting: text, a bare flag, or the words after it. */
export type RawValue = string | true | readonly string[];

/** A kind of value that a setting may hold. */
export interface SettingKind<T> {
  /** Reads the raw value; what it refuses is reported with {@link expects}. */
  schema: z.ZodType<T, RawValue>;
  /** Completes the sentence "the value is not ...". */
  expects: string;
  /** What stands behind the flag in the help, for instance `<n>`; null for a flag without a value. */
  placeholder: string | null;
  /** The words that it may be, where they are few. */
  choices?: readonly string[];
}

/** A certificate to make on the spot (true), none (false), or the paths of one. */
export type Https = boolean | { cert: string; key: string };

// zod's own input types are narrower than what comes in; every schema below refuses what it does not take.
const text = z.string() as z.ZodType<string, RawValue>;
const onOrOff = z.union([z.literal(true), z.stringbool()]) as z.ZodType<boolean, RawValue>;

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): SettingKind<number> {
  const digits = text.refine((value) => /^\d{1,16}$/.test(value)).transform(Number);
  const upTo = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return {
    schema: digits.pipe(z.int().min(min).max(max)),
    expects: `a whole number ${upTo}`,
    placeholder: '<n>',
  };
}

/** A number for which `holds`; `range` names the condition, for instance `above 0`. */
export function decimal(range: string, holds: (value: number) => boolean): SettingKind<number> {
  const digits = text.refine((value) => /^(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(value)).transform(Number);
  return {
    schema: digits.pipe(z.number().refine(holds)),
    expects: `a number ${range}`,
    placeholder: '<x>',
  };
}

/** A length of time in seconds that a timer can hold. */
export function seconds(max: number): SettingKind<number> {
  return { ...decimal(`above 0, at most ${max}`, (value) => value > 0 && value <= max), placeholder: '<s>' };
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: T[]): SettingKind<T> {
  return {
    schema: text.pipe(z.enum(words) as z.ZodType<T, string>),
    expects: `one of ${words.join(', ')}`,
    placeholder: `<${words.join('|')}>`,
    choices: words,
  };
}

/** What each word of a table means, for a sentence of help: `async: each update as it comes; sync: ...`. */
export function meaningsOf(table: Readonly<Record<string, { help: string }>>): string {
  return Object.entries(table)
    .map(([word, { help }]) => `${word}: ${help}`)
    .join('; ');
}

/** Any text of `least` to `length` characters, `what` being what it names. */
export function words(what: string, placeholder: string, length = 4096, least = 1): SettingKind<string> {
  return {
    schema: text.pipe(z.string().min(least).max(length)),
    expects: `${what} of ${least} to ${length} characters`,
    placeholder,
  };
}

/** A flag that is there or not; in the environment `true` or `false`. */
export const flag: SettingKind<boolean> = { schema: onOrOff, expects: 'true or false', placeholder: null };

/** `kind`, or the word `none` for "without". */
export function orNone<T>(kind: SettingKind<T>): SettingKind<T | null> {
  const none = z.literal('none').transform(() => null) as unknown as z.ZodType<null, RawValue>;
  return { ...kind, schema: z.union([none, kind.schema]), expects: `${kind.expects}, or none` };
}

/** This word, or a whole number from 1. */
export function wordOrCount<const T extends string>(word: T): SettingKind<T | number> {
  return {
    schema: z.union([z.literal(word) as unknown as z.ZodType<T, RawValue>, wholeNumber(1).schema]),
    expects: `${word} or a whole number from 1`,
    placeholder: `<${word}|n>`,
  };
}

/** An http or https address. */
export const httpUrl: SettingKind<string> = {
  schema: text.pipe(z.string().refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value))),
  expects: 'an address that begins with http:// or https://',
  placeholder: '<url>',
};

const MAX_SHARDS = 256;
const origins = text
  .transform((value) => value.split(',').map((part) => httpUrl.schema.safeParse(part.trim()).data ?? ''))
  .refine((urls) => urls.length <= MAX_SHARDS && !urls.includes(''))
  .transform((urls) => urls.map((url) => new URL(url).origin));

/** How many shards run in this process, or the origins of the processes that they are. */
export const shardList: SettingKind<number | string[]> = {
  schema: z.union([wholeNumber(1, MAX_SHARDS).schema, origins]),
  expects: `a whole number from 1 to ${MAX_SHARDS}, or a comma list of http(s) addresses`,
  placeholder: '<n|urls>',
};

/** Bare, `false`, or a certificate and its key: two words behind the flag, a comma between them in the environment. */
export const httpsFiles: SettingKind<Https> = {
  schema: z.union([
    onOrOff,
    z
      .union([z.array(z.string()), z.string().transform((value) => value.split(','))])
      .pipe(z.tuple([z.string().min(1), z.string().min(1)]))
      .transform(([cert, key]) => ({ cert, key })),
  ]),
  expects: 'bare (self-signed), or the paths of a certificate and its key',
  placeholder: '[cert key...]',
};

/** What an ICE server may be. A browser takes no TURN server without name and password, nor does one help anybody. */
const ICE_SCHEMES = {
  stun: { port: 3478, needsPassword: false },
  turn: { port: 3478, needsPassword: true },
  turns: { port: 5349, needsPassword: true },
} as const satisfies Record<string, { port: number; needsPassword: boolean }>;
type IceScheme = keyof typeof ICE_SCHEMES;

/** A STUN or TURN server. */
export interface IceServerAddress {
  scheme: IceScheme;
  host: string;
  port: number;
  username: string | null;
  password: string | null;
}

const ICE_ADDRESS = /^(stun|turns?):(?:([^:@,]+):([^@,]+)@)?([\w.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?$/i;

function iceServer(address: string): IceServerAddress | null {
  const [, scheme, username = null, password = null, host, port] = ICE_ADDRESS.exec(address) ?? [];
  const known = scheme?.toLowerCase() as IceServerAddress['scheme'] | undefined;
  if (known === undefined || host === undefined) return null;
  const standard = ICE_SCHEMES[known];
  if (standard.needsPassword && (username === null || password === null)) return null;
  return { scheme: known, host, port: Number(port ?? standard.port), username, password };
}

const MAX_ICE_SERVERS = 8;

/** What a comma list of `name:value` says, no name twice; a part without a colon has an empty name. */
const namedValues = text
  .transform((list) => {
    const parts = list.split(',').map((part) => part.trim());
    return parts.map((part): [string, string] => [
      part.slice(0, Math.max(0, part.indexOf(':'))),
      part.slice(part.indexOf(':') + 1),
    ]);
  })
  .refine((pairs) => new Set(pairs.map(([name]) => name)).size === pairs.length)
  .transform((pairs): Record<string, string> => Object.fromEntries(pairs));

/** A comma list of settings and their values, as `name=value`. */
export const assignments: SettingKind<string[]> = {
  schema: text
    .transform((list) => list.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => /^[\w-]+=./.test(part)))
    .refine((parts) => new Set(parts.map((part) => part.split('=')[0])).size === parts.length),
  expects: 'a comma list of name=value, no name twice',
  placeholder: '<name=value,...>',
};

/** A comma list of labels. */
export const labelList: SettingKind<DeviceLabels> = {
  schema: namedValues
    .transform((pairs) => deviceLabels.safeParse(pairs).data ?? null)
    .refine((labels) => labels !== null)
    .transform((labels): DeviceLabels => ({ ...labels })),
  expects: `a comma list of at most ${MAX_LABELS} of name:value, no name twice`,
  placeholder: '<labels>',
};

/**
 * Devices by what they are before they have work, which their engine is not: a comma list of labels, of which
 * `formFactor` is none but what it says.
 */
export const deviceSelector: SettingKind<Selector> = {
  schema: namedValues
    .refine((named) => !('engine' in named))
    .transform(({ formFactor, ...labels }) => {
      const named = formFactor === undefined ? {} : { formFactor };
      const labelled = Object.keys(labels).length === 0 ? {} : { labels };
      return selector.safeParse({ ...named, ...labelled }).data ?? null;
    })
    .refine((read) => read !== null)
    .transform((read): Selector => ({ ...read })),
  expects: `a comma list of formFactor:<${FORM_FACTOR_NAMES.join('|')}> and labels as name:value, no name twice`,
  placeholder: '<devices>',
};

/** A selector as {@link deviceSelector} reads it. */
export const selectorSetting = ({ labels = {}, ...named }: Selector): string =>
  Object.entries({ ...named, ...labels })
    .map(([name, value]) => `${name}:${value}`)
    .join(',');

/** A comma list of STUN and TURN servers. */
export const iceServers: SettingKind<IceServerAddress[]> = {
  schema: text
    .transform((value) => value.split(',').map((part) => iceServer(part.trim())))
    .refine((servers) => servers.length <= MAX_ICE_SERVERS && !servers.includes(null))
    .transform((servers) => servers.filter((server) => server !== null)),
  expects: `a comma list of at most ${MAX_ICE_SERVERS} of stun:host:port and turn:user:password@host:port`,
  placeholder: '<servers>',
};
