import { expect, it } from 'vitest';
import { loadCredentials, saveCredentials } from './credentials.ts';

function memory() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as unknown as Storage;
  return { kept, storage: () => storage };
}
const credentials = { device: '0123456789ab', token: '0123456789abcdef0123456789abcdef' };

it('gives back what was kept, until it is told to forget', () => {
  const { storage } = memory();
  expect(loadCredentials(storage)).toBeNull();
  saveCredentials(credentials, storage);
  expect(loadCredentials(storage)).toEqual(credentials);
  saveCredentials(null, storage);
  expect(loadCredentials(storage)).toBeNull();
});

it.each(['{', '{}', '{"device":"x","token":"y"}', '7'])('takes %s for nothing', (text) => {
  const { kept, storage } = memory();
  saveCredentials(credentials, storage);
  for (const key of kept.keys()) kept.set(key, text);
  expect(loadCredentials(storage)).toBeNull();
});

it('does without a storage that the browser refuses', () => {
  const refused = () => {
    throw new Error('denied');
  };
  expect(loadCredentials(refused)).toBeNull();
  expect(() => saveCredentials(credentials, refused)).not.toThrow();
});
