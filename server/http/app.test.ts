import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { AdminRoutesOptions } from './admin.ts';
import { sessionsIn } from './testing/sessions.ts';
import { createApp } from './app.ts';
import { Endpoint } from './endpoint.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What an endpoint answers at once to a request for a path: its status. */
function statusOf({ server }: Endpoint, path: string): number {
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  request.url = path;
  const response = new ServerResponse(request);
  server.emit('request', request, response);
  return response.statusCode;
}

describe('the app', () => {
  it('[HT1] is given no request before it is whole: a route whose hooks are not there yet would end the process', async () => {
    const endpoint = await Endpoint.open('127.0.0.1', 0, null);
    closing.push(() => endpoint.close());
    const { sessions } = await sessionsIn();
    const state = { created: false };
    const creating = createApp({
      pages: tmpdir(),
      dataShards: [],
      admin: { sessions, run: '00000badcafe' } as AdminRoutesOptions,
      endpoint,
      failed: (error) => {
        throw error;
      },
    }).finally(() => (state.created = true));
    while (!state.created) {
      expect(statusOf(endpoint, '/api/v1/runs/current')).toBe(503);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const app = await creating;
    closing.push(() => app.close());
    const answer = await fetch(`http://127.0.0.1:${endpoint.port}/api/v1/runs/current`);
    expect(answer.status).toBe(401);
  });
});
