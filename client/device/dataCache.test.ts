import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeDataShard } from '../../shared/dataset/dataShard.ts';
import { DataCache } from './dataCache.ts';
import { DATA } from './testing/fakeServer.ts';

const refOf = (digit: string, samples = DATA.samples) => ({
  index: 0,
  path: `/data/${digit.repeat(32)}.bin`,
  samples,
});

const good = () => Promise.resolve(new Response(new Uint8Array(encodeDataShard(DATA))));
const fetched = vi.fn<(url: URL) => Promise<Response>>();

beforeEach(() => {
  fetched.mockReset().mockImplementation(good);
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the cache of data shards', () => {
  it('[DS2] fetches each from the server once, however often and soon it is asked for', async () => {
    const cache = new DataCache('https://swarm.example:8080');
    const [first, again] = await Promise.all([cache.get(refOf('a')), cache.get(refOf('a'))]);
    expect(first).toEqual(DATA);
    expect(again).toBe(first);
    expect(await cache.get(refOf('a'))).toBe(first);
    expect(fetched).toHaveBeenCalledOnce();
    expect(fetched.mock.calls[0]?.[0].href).toBe(`https://swarm.example:8080${refOf('a').path}`);
    await cache.get(refOf('b'));
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it('fetches below the path of a server that a proxy has below one', async () => {
    await new DataCache('https://example.net/swarm/').get(refOf('a'));
    expect(fetched.mock.calls[0]?.[0].href).toBe(`https://example.net/swarm${refOf('a').path}`);
  });

  it.each<[string, () => Promise<Response>, string]>([
    ['is refused', () => Promise.resolve(new Response('', { status: 404 })), 'the server answered 404'],
    ['cannot be reached', () => Promise.reject(new TypeError('Failed to fetch')), 'Failed to fetch'],
    ['is something else', () => Promise.resolve(new Response('<!doctype html>')), 'data shard: not one'],
  ])('tries again after one that %s', async (_name, answer, message) => {
    const cache = new DataCache('http://localhost');
    fetched.mockImplementationOnce(answer);
    await expect(cache.get(refOf('a'))).rejects.toThrow(message);
    expect(await cache.get(refOf('a'))).toEqual(DATA);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it('refuses one that does not have the samples that were leased', async () => {
    const cache = new DataCache('http://localhost');
    await expect(cache.get(refOf('a', 4))).rejects.toThrow('not the one that was leased');
  });
});
