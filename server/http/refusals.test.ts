import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { HTTP_ERRORS, httpErrorBody, type HttpError } from '../../shared/protocol/httpErrors.ts';
import type { PlacementReport } from '../../shared/protocol/placement.ts';
import { ConstraintError } from '../core/placement/constraints.ts';
import type { AdminRoutesOptions } from './admin.ts';
import { SESSION_COOKIE } from './adminSessions.ts';
import { sessionsIn } from './testing/sessions.ts';
import { createApp } from './app.ts';
import { HttpRefusal } from './refusals.ts';

const CODES = Object.keys(HTTP_ERRORS) as HttpError[];
const JSON_TYPE = { 'content-type': 'application/json' };
const MIB = 1024 * 1024;

let pages: string;
let app: FastifyInstance;
let cookie: string;
let failures: unknown[];
/** What taking a placement throws. */
let thrown: Error | null;

beforeEach(async () => {
  pages = await mkdtemp(join(tmpdir(), 'tabswarm-refusals-'));
  await mkdir(join(pages, 'assets'));
  await writeFile(join(pages, 'assets', 'style.css'), 'body {}');
  const { sessions, token } = await sessionsIn();
  cookie = `${SESSION_COOKIE}=${(await sessions.open(token)) ?? ''}`;
  failures = [];
  thrown = null;
  app = await createApp({
    pages,
    dataShards: [],
    admin: {
      sessions,
      refused: () => undefined,
      run: '00000badcafe',
      secure: false,
      snapshot: () => ({}) as AdminSnapshot,
      state: () => 'running',
      actions: {} as AdminRoutesOptions['actions'],
      actOnDevice: () => Promise.resolve(),
      keptVersions: () => Promise.resolve([]),
      placement: () => ({}) as PlacementReport,
      acted: () => Promise.resolve(),
      events: () => Promise.resolve({ events: [], next: 0 }),
      place: () => {
        if (thrown !== null) throw thrown;
      },
    },
    endpoint: null,
    failed: (error) => failures.push(error),
  });
});

afterEach(async () => {
  await app.close();
  await rm(pages, { recursive: true });
});

async function ask(request: InjectOptions) {
  const answer = await app.inject({ ...request, headers: { cookie, ...request.headers } });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>(), answer };
}

const place = () => ask({ method: 'POST', url: '/api/v1/runs/current/placement', payload: {} });

describe('a request that is not done', () => {
  const session = { method: 'POST', url: '/api/v1/admin/session' } as const;
  const requests: [string, InjectOptions, HttpError][] = [
    ['of an address that nothing is at', { url: '/nothing' }, 'NOT_FOUND'],
    ['of an address that cannot be read', { url: '/data/%zz' }, 'MALFORMED'],
    ['of an address that is too long', { url: `/data/${'x'.repeat(200)}` }, 'TOO_LARGE'],
    ['of a data shard that is not here', { url: '/data/0.bin' }, 'NOT_FOUND'],
    ['of a file of the pages that is not here', { url: '/assets/gone.js' }, 'NOT_FOUND'],
    ['of a file outside of the pages', { url: '/assets/..%2f..%2fpackage.json' }, 'NOT_FOUND'],
    ['of a page that was not built', { url: '/admin/' }, 'NOT_FOUND'],
    ['of a method that is not taken', { method: 'DELETE', url: '/admin/' }, 'NOT_FOUND'],
    ['with a body that is no JSON', { ...session, payload: '{', headers: JSON_TYPE }, 'MALFORMED'],
    ['with no body where there has to be one', { ...session, headers: JSON_TYPE }, 'MALFORMED'],
    [
      'with a body that is too large',
      { ...session, payload: `"${'x'.repeat(MIB)}"`, headers: JSON_TYPE },
      'TOO_LARGE',
    ],
    [
      'with a body that is of another type',
      { ...session, payload: '<x/>', headers: { 'content-type': 'application/xml' } },
      'WRONG_TYPE',
    ],
    [
      'of a part of a file that it does not have',
      { url: '/assets/style.css', headers: { range: 'bytes=99-' } },
      'WRONG_RANGE',
    ],
  ];

  it.each(requests)('[AD7] %s is answered by its row of the table', async (_name, request, code) => {
    const { status, body } = await ask(request);
    expect([body['error'], status]).toEqual([code, HTTP_ERRORS[code].status]);
  });

  it.each(requests)('[AD7] %s is answered with a code and a sentence alone', async (_name, request) => {
    const { body } = await ask(request);
    expect(httpErrorBody.parse(body).message).not.toBe('');
  });

  it.each(requests)(
    '[AD7] %s is kept by no cache, and has the headers of every answer',
    async (_name, request) => {
      const { headers } = (await ask(request)).answer;
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    },
  );

  it.each(CODES)('[AD7] as a handler throws %s is answered by that row', async (code) => {
    thrown = new HttpRefusal(code, 'Because of this.');
    const { status, body } = await place();
    expect([status, body]).toEqual([HTTP_ERRORS[code].status, { error: code, message: 'Because of this.' }]);
  });

  it('[PL10] as a placement that cannot hold is answered by the code of that', async () => {
    thrown = new ConstraintError('NO_MATCH', 'No tablet is here.');
    const { status, body } = await place();
    expect([status, body]).toEqual([409, { error: 'NO_MATCH', message: 'No tablet is here.' }]);
  });

  it('is no mistake of the server', async () => {
    for (const [, request] of requests) await ask(request);
    expect(failures).toEqual([]);
  });
});

describe('a mistake of the server', () => {
  it('[AD7] is answered FAILED without what it is', async () => {
    thrown = new Error('a secret of ours');
    const { status, body } = await place();
    expect([status, body]).toEqual([500, { error: 'FAILED', message: HTTP_ERRORS.FAILED.means }]);
  });

  it('[AD7] is told to the log', async () => {
    thrown = new Error('a secret of ours');
    await place();
    expect(failures).toEqual([thrown]);
  });
});
