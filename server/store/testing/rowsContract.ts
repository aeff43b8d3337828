import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Change, KeySpan, Rows } from '../rows.ts';

const ALL: KeySpan = { from: '', below: '~', limit: 1e6, order: 'ascending' };

/** What every implementation of {@link Rows} does. @param prepare makes an empty place, and answers how to open it. */
export function rowsContract(name: string, prepare: () => Promise<() => Rows>): void {
  describe(`rows: ${name}`, () => {
    let open: () => Rows;
    let rows: Rows;
    beforeEach(async () => {
      open = await prepare();
      rows = open();
    });
    const put = (...keys: string[]) => rows.write(keys.map((key) => ({ key, value: `of ${key}` })));
    const keysIn = async (span: Partial<KeySpan>) =>
      (await rows.range({ ...ALL, ...span })).map(({ key }) => key);

    test('[ST1] a row that was written is read, by its key and in its span; another is not there', async () => {
      await put('a/1');
      expect(await rows.get('a/1')).toBe('of a/1');
      expect(await rows.get('a/2')).toBeNull();
      expect(await rows.range(ALL)).toEqual([{ key: 'a/1', value: 'of a/1' }]);
    });

    test('[ST1] a later write takes the place of an earlier one, and null removes', async () => {
      await put('a', 'b');
      await rows.write([
        { key: 'a', value: 'anew' },
        { key: 'b', value: null },
        { key: 'never', value: null },
      ]);
      expect(await rows.range(ALL)).toEqual([{ key: 'a', value: 'anew' }]);
    });

    test('[ST1] changes of one write are made in order', async () => {
      await rows.write([
        { key: 'a', value: '1' },
        { key: 'a', value: null },
        { key: 'b', value: '1' },
        { key: 'b', value: '2' },
      ]);
      expect(await rows.range(ALL)).toEqual([{ key: 'b', value: '2' }]);
    });

    test('[ST1] a span begins with its first key, ends before its last, and stops at its limit', async () => {
      await put('d', 'b', 'a', 'c');
      expect(await keysIn({ from: 'b', below: 'd' })).toEqual(['b', 'c']);
      expect(await keysIn({ from: 'b', below: 'd', order: 'descending' })).toEqual(['c', 'b']);
      expect(await keysIn({ from: 'aa', below: 'cc' })).toEqual(['b', 'c']);
      expect(await keysIn({ from: 'aa', below: 'cc', order: 'descending' })).toEqual(['c', 'b']);
      expect(await keysIn({ limit: 2 })).toEqual(['a', 'b']);
      expect(await keysIn({ limit: 2, order: 'descending' })).toEqual(['d', 'c']);
      expect(await keysIn({ from: 'x' })).toEqual([]);
    });

    test('[ST1] text of any kind and size comes back as it was', async () => {
      const values = ['', '"\\\u0000\n', 'ü😀', 'x'.repeat(100_000)];
      await rows.write(values.map((value, index) => ({ key: `v/${index}`, value })));
      expect((await rows.range(ALL)).map(({ value }) => value)).toEqual(values);
    });

    test('[ST2] writes asked for at once take effect in order, and all are there when the last is confirmed', async () => {
      const writes = Array.from({ length: 50 }, (_, index) =>
        rows.write([
          { key: 'same', value: String(index) },
          { key: `own/${index}`, value: '' },
        ]),
      );
      await writes.at(-1);
      expect(await rows.get('same')).toBe('49');
      expect(await keysIn({ from: 'own/' })).toHaveLength(51);
      await Promise.all(writes);
    });

    test('[ST2] what was confirmed is there when the place is opened again', async () => {
      await put('a', 'b');
      await rows.close();
      rows = open();
      expect(await keysIn({})).toEqual(['a', 'b']);
    });

    test('[ST1] any history leaves what a map would hold, in the order of keys', async () => {
      const key = fc.stringMatching(/^[ab/0]{1,4}$/);
      const change = fc.record({ key, value: fc.option(fc.string({ maxLength: 3 }), { nil: null }) });
      const history = fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(history, key, key, async (writes: Change[][], from, below) => {
          await rows.write((await rows.range(ALL)).map((row) => ({ key: row.key, value: null })));
          const model = new Map<string, string>();
          for (const changes of writes) {
            await rows.write(changes);
            for (const { key, value } of changes) {
              if (value === null) model.delete(key);
              else model.set(key, value);
            }
          }
          const inSpan = [...model].filter(([key]) => key >= from && key < below);
          const expected = inSpan
            .map(([key, value]) => ({ key, value }))
            .sort((one, other) => (one.key < other.key ? -1 : 1));
          expect(await rows.range({ ...ALL, from, below })).toEqual(expected);
          expect(await rows.range({ ...ALL, from, below, order: 'descending' })).toEqual(expected.reverse());
        }),
        { numRuns: 50, seed: 1 },
      );
    });
  });
}
