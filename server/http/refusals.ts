import type { FastifyInstance, FastifyReply } from 'fastify';
import { HTTP_ERRORS, type HttpError, type HttpErrorBody } from '../../shared/protocol/httpErrors.ts';
import { ConstraintError } from '../core/placement/constraints.ts';

/** A request that is not done; the message is for its sender. */
export class HttpRefusal extends Error {
  override name = 'Refusal';
  readonly code: HttpError;

  constructor(code: HttpError, message: string) {
    super(message);
    this.code = code;
  }
}

/** Answers a request that is not done [AD7]. No cache keeps such an answer. */
export function refuse(reply: FastifyReply, code: HttpError, message: string): FastifyReply {
  const body: HttpErrorBody = { error: code, message };
  return reply.code(HTTP_ERRORS[code].status).header('cache-control', 'no-store').send(body);
}

/** What Fastify and its plugins say by their statuses; any other below 500 is a request that cannot be read. */
const BY_STATUS: Readonly<Record<number, HttpError>> = {
  403: 'NOT_FOUND',
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  414: 'TOO_LARGE',
  415: 'WRONG_TYPE',
  416: 'WRONG_RANGE',
};

/** What was thrown in place of an answer. */
export type Thrown = Error & { statusCode?: number };

/**
 * Answers what was thrown by the row of the table that it belongs to.
 * @param failed told what the server made a mistake over.
 */
export function refuseThrown(reply: FastifyReply, thrown: Thrown, failed: (error: unknown) => void): void {
  if (thrown instanceof HttpRefusal || thrown instanceof ConstraintError) {
    void refuse(reply, thrown.code, thrown.message);
    return;
  }
  const { statusCode: status = 500 } = thrown;
  if (status < 500) {
    void refuse(reply, BY_STATUS[status] ?? 'MALFORMED', thrown.message);
    return;
  }
  failed(thrown);
  void refuse(reply, 'FAILED', HTTP_ERRORS.FAILED.means);
}

/** Has everything that is thrown, and every address that nothing is at, answered by a row of the table. */
export function refuseByTable(app: FastifyInstance, failed: (error: unknown) => void): void {
  app.setErrorHandler((thrown: Thrown, _request, reply) => refuseThrown(reply, thrown, failed));
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, 'NOT_FOUND', `There is nothing at ${request.url}.`),
  );
}
