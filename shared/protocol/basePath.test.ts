import { expect, it } from 'vitest';
import { baseOf, below, socketPath } from './basePath.ts';

it.each([
  ['http://host', 'http://host/'],
  ['http://host:8080/#join=s', 'http://host:8080/'],
  ['https://host/swarm', 'https://host/swarm/'],
  ['http://user:secret@host/swarm', 'http://host/swarm/'],
  ['http://host//elsewhere/x', 'http://host//elsewhere/x/'],
  ['http://host//', 'http://host//'],
  ['https://host/a/b/?engine=wasm#join=s', 'https://host/a/b/'],
])('the base of %s is %s', (address, base) => {
  expect(baseOf(address).href).toBe(base);
});

it('has everything of a server below its base, at the root of its host or not', () => {
  expect(below('http://host', '/data/1f.bin').href).toBe('http://host/data/1f.bin');
  expect(below('http://host/swarm', '/data/1f.bin').href).toBe('http://host/swarm/data/1f.bin');
  expect(below('http://host/', '//elsewhere/data').origin).toBe('http://host');
  expect(below('http://host//elsewhere', '/data/1f.bin').href).toBe('http://host//elsewhere/data/1f.bin');
  expect(socketPath('http://host')).toBe('/socket.io/');
  expect(socketPath('http://host/a/b/#join=s')).toBe('/a/b/socket.io/');
});
