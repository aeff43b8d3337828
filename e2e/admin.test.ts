import { afterEach, describe, expect, it } from 'vitest';
import { adminSnapshot, API } from '../shared/protocol/admin.ts';
import { EVENTS } from '../shared/protocol/messages.ts';
import { NAMESPACES } from '../shared/protocol/version.ts';
import { post, signIn, tokenOf } from './support/adminClient.ts';
import { next, rawSocket } from './support/rawClient.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const server = () => startServer(cleanup, ['--evaluate-every', '0']);
describe('the admin', () => {
  it('[AD1] is answered 401 without a cookie, and refused at the socket', async () => {
    const at = await server();
    expect((await fetch(`${at.url}${API.run('current')}`)).status).toBe(401);
    expect((await post(`${at.url}${API.action('current', 'stop')}`, {})).status).toBe(401);
    expect((await post(`${at.url}${API.session}`, { token: 'guess' })).status).toBe(401);
    expect((await post(`${at.url}${API.session}`, { nonsense: 1 })).status).toBe(401);
    const socket = rawSocket(cleanup, at.url, NAMESPACES.admin);
    expect((await next<Error>(socket, 'connect_error')).message).toBe('UNAUTHORIZED');
    expect(at.training.run.status().state).toBe('running');
  });

  it('[AD1] [AD20] trades the token for a cookie that scripts and other sites cannot use', async () => {
    const at = await server();
    const { cookie, attributes } = await signIn(at);
    expect(attributes).toMatch(/HttpOnly/i);
    expect(attributes).toMatch(/SameSite=Strict/i);
    expect(cookie).not.toContain(tokenOf(at));
    const answer = await fetch(`${at.url}${API.run('current')}`, { headers: { cookie } });
    expect(adminSnapshot.parse(await answer.json()).run).toBe(at.training.id);
  });

  it('[AD2] starts, pauses and stops the run, and only from the own pages', async () => {
    const at = await server();
    const { cookie } = await signIn(at);
    const act = (action: 'start' | 'pause' | 'stop', headers = {}) =>
      post(`${at.url}${API.action(at.training.id, action)}`, {}, { cookie, ...headers });
    expect((await act('stop', { origin: 'http://evil.example' })).status).toBe(403);
    for (const [action, state] of [
      ['pause', 'paused'],
      ['start', 'running'],
      ['stop', 'stopped'],
      ['start', 'running'],
    ] as const) {
      expect((await act(action, { origin: at.url })).status).toBe(200);
      expect(at.training.run.status().state).toBe(state);
    }
    expect((await post(`${at.url}/api/v1/runs/current/explode`, {}, { cookie })).status).toBe(404);
    expect((await fetch(`${at.url}${API.run('0badc0de')}`, { headers: { cookie } })).status).toBe(404);
  });

  it('[AD3] is shown the run at once, then as it goes on', async () => {
    const at = await server();
    const { cookie } = await signIn(at);
    const socket = rawSocket(cleanup, at.url, NAMESPACES.admin, { extraHeaders: { cookie } });
    const first = adminSnapshot.parse(await next(socket, EVENTS.snapshot));
    expect(first.devices).toEqual([]);
    startScriptedWorker(cleanup, at.url);
    await expect
      .poll(async () => adminSnapshot.parse(await next(socket, EVENTS.snapshot)).status.version)
      .toBeGreaterThan(0);
  });
});
