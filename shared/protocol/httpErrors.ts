import * as z from 'zod/mini';

/** What a request over HTTP that is not done is answered with: `{error, message}` and the status of its row [AD7]. */
export const HTTP_ERRORS = {
  MALFORMED: {
    status: 400,
    means:
      'The request cannot be read: its address, its body, or a field. The message names the field, its value and what is allowed.',
  },
  UNKNOWN_SELECTOR: {
    status: 400,
    means: 'A selector has a field other than labels, form factor and engine.',
  },
  UNAUTHORIZED: {
    status: 401,
    means: 'The request has no valid session cookie. Another admin token ends all sessions.',
  },
  ORIGIN: { status: 403, means: 'The request comes from a page of another site.' },
  NOT_FOUND: { status: 404, means: 'There is nothing at this address.' },
  NO_SUCH_RUN: { status: 404, means: 'The server has no run with this id.' },
  NO_SUCH_ACTION: { status: 404, means: 'There is no such action.' },
  NO_SUCH_VERSION: { status: 404, means: 'No state of this version is kept.' },
  UNKNOWN_DEVICE: { status: 404, means: 'There is no such device.' },
  UNKNOWN_DATA_SHARD: { status: 404, means: 'There is no such data shard.' },
  WRONG_STATE: {
    status: 409,
    means:
      'The action is not possible in the present state of the run or the device; the message says what is.',
  },
  SHARD_LOST: { status: 409, means: 'The run lost a shard process and cannot go on.' },
  NO_DATA_FOLDER: { status: 409, means: "The run's data folder is removed when it ends." },
  NOTHING_TO_SAVE: { status: 409, means: 'There was no commit yet.' },
  NO_MATCH: {
    status: 409,
    means: 'No connected device matches a selector. Correct it, or wait until such a device has joined.',
  },
  CONFLICT: { status: 409, means: 'Two constraints pin the same data shard.' },
  IMPOSSIBLE: {
    status: 409,
    means:
      'No device would be left to work, a device in reserve has data shards, or the run has no such units.',
  },
  TOO_LARGE: { status: 413, means: 'The body or the address is larger than the server accepts.' },
  WRONG_TYPE: { status: 415, means: 'The body is of a type that the server does not read; it reads JSON.' },
  WRONG_RANGE: { status: 416, means: 'The file has no such part.' },
  SAVE_FAILED: { status: 500, means: 'No checkpoint was saved; the message says why.' },
  NOT_RESTORED: {
    status: 500,
    means: 'The state of the version cannot be brought back; the message says why, and nothing has changed.',
  },
  FAILED: { status: 500, means: 'An error inside the server; its log has the details.' },
} as const satisfies Record<string, { status: number; means: string }>;

export type HttpError = keyof typeof HTTP_ERRORS;

const codes = Object.keys(HTTP_ERRORS) as [HttpError, ...HttpError[]];

/** The body of such an answer. The message is for a person: it says what is wrong, and what to do. */
export const httpErrorBody = z.strictObject({ error: z.enum(codes), message: z.string() });
export type HttpErrorBody = z.infer<typeof httpErrorBody>;
