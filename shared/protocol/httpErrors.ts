import * as z from 'zod/mini';

/** What a request over HTTP that is not done is answered with: `{error, message}` and the status of its row [AD7]. */
export const HTTP_ERRORS = {
  MALFORMED: {
    status: 400,
    means:
      'The request cannot be read: its address, its body, or a field, which the message names with its value and what it has to be.',
  },
  UNKNOWN_SELECTOR: {
    status: 400,
    means: 'A selector names something else than labels, form factor and engine.',
  },
  UNAUTHORIZED: {
    status: 401,
    means: 'The request has no cookie that was given for the token of this start of the server.',
  },
  ORIGIN: { status: 403, means: 'A page of another site asks.' },
  NOT_FOUND: { status: 404, means: 'There is nothing at this address.' },
  NO_SUCH_RUN: { status: 404, means: 'The server has another run.' },
  NO_SUCH_ACTION: { status: 404, means: 'A run takes no such action.' },
  UNKNOWN_DEVICE: { status: 404, means: 'No such device is here.' },
  UNKNOWN_DATA_SHARD: { status: 404, means: 'There is no such data shard.' },
  WRONG_STATE: {
    status: 409,
    means: 'The action is not possible while the run is as it is; the message names those that are.',
  },
  NO_DATA_FOLDER: { status: 409, means: 'The run has no data folder that outlives it.' },
  NOTHING_TO_SAVE: { status: 409, means: 'There was no commit yet.' },
  NO_MATCH: {
    status: 409,
    means:
      'No device here is what a selector names; wait until one is, so that a slip of the pen is noticed.',
  },
  CONFLICT: { status: 409, means: 'A data shard is given away twice.' },
  IMPOSSIBLE: {
    status: 409,
    means: 'Nobody would be left to work, a device in reserve has data shards, or the run has no such units.',
  },
  TOO_LARGE: { status: 413, means: 'The body or the address has more bytes than the server takes.' },
  WRONG_TYPE: { status: 415, means: 'The body is of a type that the server does not read; it reads JSON.' },
  WRONG_RANGE: { status: 416, means: 'The file has no such part.' },
  SAVE_FAILED: { status: 500, means: 'No checkpoint was saved; the message says why.' },
  FAILED: { status: 500, means: 'The server made a mistake; its log has it.' },
} as const satisfies Record<string, { status: number; means: string }>;

export type HttpError = keyof typeof HTTP_ERRORS;

const codes = Object.keys(HTTP_ERRORS) as [HttpError, ...HttpError[]];

/** The body of such an answer. The message is for a person: it says what is wrong, and what to do. */
export const httpErrorBody = z.strictObject({ error: z.enum(codes), message: z.string() });
export type HttpErrorBody = z.infer<typeof httpErrorBody>;
