import { afterEach, describe, expect, it, vi } from 'vitest';
import { Diagnosis } from './diagnosis.ts';

afterEach(() => vi.unstubAllGlobals());

const BASE = 'https://host.example/swarm/';
const report = (accepted: boolean) => () =>
  Promise.resolve(Response.json({ accepted, host: 'inner.example:8080' }));
const ACCEPTED = report(true);
const GONE = () => Promise.reject(new TypeError('Failed to fetch'));
const status = (code: number) => () => Promise.resolve(new Response('<html>', { status: code }));

/** What is said after each of a number of failures. */
async function said(...answers: (() => Promise<Response>)[]): Promise<(string | null)[]> {
  const diagnosis = new Diagnosis(BASE, 'https://host.example');
  const words: (string | null)[] = [];
  for (const answer of answers) {
    vi.stubGlobal('fetch', vi.fn(answer));
    words.push(await diagnosis.ask());
  }
  return words;
}

describe('why a page cannot connect', () => {
  it('[PG5] is asked of the server below its path', async () => {
    const fetched = vi.fn<(url: URL) => Promise<Response>>(ACCEPTED);
    vi.stubGlobal('fetch', fetched);
    await new Diagnosis(BASE, 'https://host.example').ask();
    expect(fetched.mock.calls[0]?.[0].href).toBe('https://host.example/swarm/api/v1/reach');
  });

  it.each([
    ['no answer', GONE, 'The server gives no answer'],
    ['a gateway', status(502), 'A proxy answers (status 502)'],
    ['something else', status(200), 'There is no server of Tabswarm at this address any more (status 200)'],
    ['a stranger', status(404), '(status 404)'],
    [
      'a refusal',
      report(false),
      'The page is of https://host.example, but the server was asked for as inner.',
    ],
  ])('[PG5] is said at once of %s', async (_name, answer, words) => {
    expect((await said(answer))[0]).toContain(words);
  });

  it('[PG5] is that upgrades do not pass once the server answers after a second failure in a row', async () => {
    const [first, second] = await said(ACCEPTED, ACCEPTED);
    expect(first).toBeNull();
    expect(second).toContain('no WebSocket');
    expect(second).toContain('upgrades pass at /swarm/socket.io/');
  });

  it('[PG5] is not that upgrades do not pass where a connection stood between two failures', async () => {
    vi.stubGlobal('fetch', vi.fn(ACCEPTED));
    const diagnosis = new Diagnosis(BASE, 'https://host.example');
    expect(await diagnosis.ask()).toBeNull();
    diagnosis.connected();
    expect(await diagnosis.ask()).toBeNull();
    expect(await diagnosis.ask()).toContain('no WebSocket');
  });

  it('is not that upgrades do not pass where the server has only just come back', async () => {
    expect((await said(ACCEPTED, GONE, ACCEPTED))[2]).toBeNull();
  });
});
