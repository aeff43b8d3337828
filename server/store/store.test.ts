import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { Log } from './log.ts';
import { MemoryRows } from './memoryRows.ts';
import { SCHEMA_VERSION, Store } from './store.ts';
import { Table } from './table.ts';
import { DEVICE_TABLE, EVENT_LOG, type KeptDevice } from './tables.ts';

const TIME = '2026-01-02T03:04:05.678Z';
const device = (name: string, applied = 0): KeptDevice => ({
  device: name,
  firstSeen: TIME,
  lastSeen: TIME,
  applied,
  samples: 0,
  lost: 0,
  faultsInRow: 0,
  trust: null,
});
const event = (type: string) => ({ type, time: TIME, actor: 'server' });

function world() {
  const kept = new Map<string, string>();
  const open = () => Store.open(new MemoryRows(kept), '/data/store.mdb');
  return { kept, open };
}

describe('a store', () => {
  test('[ST2] gives back what was put, after it was opened again too', async () => {
    const { open } = world();
    const store = await open();
    await store.devices.put(device('0123456789ab', 3));
    await store.tokens.put({ kind: 'admin', hash: '0'.repeat(64), madeAt: TIME });
    const again = await open();
    expect(await again.devices.get('0123456789ab')).toEqual(device('0123456789ab', 3));
    expect(await again.devices.get('ba9876543210')).toBeNull();
    expect(await again.tokens.list({ under: ['admin'] })).toHaveLength(1);
    expect(await again.tokens.list({ under: ['session'] })).toEqual([]);
  });

  test('[ST2] makes changes of several tables at once', async () => {
    const store = await world().open();
    await store.devices.put(device('000000000001'));
    await store.write(
      store.devices.removing('000000000001'),
      store.devices.putting(device('000000000002')),
      ...(await store.events.appending('run', event('joined'))),
    );
    expect(await store.devices.list()).toEqual([device('000000000002')]);
    expect(await store.events.list('run')).toEqual([{ place: 1, entry: event('joined') }]);
  });

  test('[ST3] lists any number of rows in the order of their keys, from both ends', async () => {
    const store = await world().open();
    const names = Array.from({ length: 1203 }, (_, index) => index.toString(16).padStart(12, '0'));
    await store.write(...names.map((name) => store.devices.putting(device(name))));
    const listed = async (options: Parameters<typeof store.devices.list>[0]) =>
      (await store.devices.list(options)).map((row) => row.device);
    expect(await listed({})).toEqual(names);
    expect(await listed({ order: 'descending' })).toEqual([...names].reverse());
    expect(await listed({ limit: 700, after: ['000000000001'] })).toEqual(names.slice(2, 702));
  });

  test('[ST3] refuses a row with a wrong field, and changes nothing', async () => {
    const { open, kept } = world();
    const store = await open();
    const before = new Map(kept);
    await expect(store.devices.put({ ...device('000000000001'), applied: -1 })).rejects.toThrow(
      'the row device/000000000001 cannot be kept: applied:',
    );
    await expect(store.devices.put(device('a/b'))).rejects.toThrow(
      '"a/b" cannot be part of the key of a row',
    );
    expect(kept).toEqual(before);
  });

  test('[ST3] names a row that is altered, moved, cut off or of another shape', async () => {
    const { open, kept } = world();
    const store = await open();
    await store.devices.put(device('000000000001'));
    const key = 'device/000000000001';
    const value = kept.get(key) ?? '';
    for (const wrong of [value.replace('"lost":0', '"lost":1'), value.slice(0, -1), '', 'x']) {
      kept.set(key, wrong);
      await expect(store.devices.get('000000000001')).rejects.toThrow(
        'the row device/000000000001 of the store is damaged: it is altered. Put a copy of the data folder back,',
      );
      await expect(store.devices.list()).rejects.toThrow('device/000000000001');
    }
    kept.delete(key);
    kept.set('device/000000000002', value);
    await expect(store.devices.list()).rejects.toThrow('the row device/000000000002 of the store is damaged');
  });
});

describe('the schema of a store', () => {
  test('[ST4] is refused by name where a later release wrote it, and nothing is changed', async () => {
    const { open, kept } = world();
    const store = await open();
    const later = { name: 'schema' as const, version: SCHEMA_VERSION + 1 };
    await store.write(store.meta.putting(later));
    const before = new Map(kept);
    await expect(open()).rejects.toThrow(
      `/data/store.mdb has schema ${SCHEMA_VERSION + 1}, this release knows schema ${SCHEMA_VERSION}: use the release that wrote it`,
    );
    expect(kept).toEqual(before);
  });

  test('[ST4] of an earlier release is read, and becomes that of this one', async () => {
    const { open, kept } = world();
    const store = await open();
    const untyped = new Table(new MemoryRows(kept), {
      name: DEVICE_TABLE.name,
      schema: z.record(z.string(), z.unknown()),
      key: ({ device }) => [String(device)],
    });
    const { device: id, firstSeen, lastSeen, applied, samples, lost } = device('0123456789ab', 3);
    await store.write(
      store.meta.putting({ name: 'schema', version: SCHEMA_VERSION - 1 }),
      untyped.putting({ device: id, firstSeen, lastSeen, applied, samples, lost }),
    );
    const again = await open();
    expect(await again.devices.list()).toEqual([device('0123456789ab', 3)]);
    expect(await again.meta.get('schema')).toEqual({ name: 'schema', version: SCHEMA_VERSION });
  });
});

describe('a log', () => {
  test('[ST5] keeps entries in order, by run, each at a place of its own', async () => {
    const store = await world().open();
    await Promise.all([
      store.events.append('one', event('a'), event('b')),
      store.events.append('two', event('c')),
      store.events.append('one', event('d')),
    ]);
    expect(await store.events.list('one')).toEqual([
      { place: 1, entry: event('a') },
      { place: 2, entry: event('b') },
      { place: 3, entry: event('d') },
    ]);
    expect(await store.events.list('two')).toEqual([{ place: 1, entry: event('c') }]);
    expect(await store.events.list('one', { after: 1, limit: 1 })).toEqual([{ place: 2, entry: event('b') }]);
    expect(await store.events.list('one', { order: 'descending', limit: 1 })).toEqual([
      { place: 3, entry: event('d') },
    ]);
  });

  test('[ST5] goes on after the last place when the store is opened again', async () => {
    const { open } = world();
    await (await open()).events.append('run', event('a'));
    await (await open()).events.append('run', event('b'));
    expect(await (await open()).events.list('run')).toEqual([
      { place: 1, entry: event('a') },
      { place: 2, entry: event('b') },
    ]);
  });

  test('[ST24] goes on where its oldest and newest entries are damaged', async () => {
    const { open, kept } = world();
    await (await open()).events.append('run', event('a'), event('b'));
    for (const [key, value] of kept) if (key.startsWith('event/')) kept.set(key, `${value} `);
    const { events } = await open();
    await events.append('run', event('c'));
    expect(await events.list('run', { after: 2 })).toEqual([{ place: 3, entry: event('c') }]);
  });

  test('[ST6] removes its oldest entries beyond its bound, also of what was kept before', async () => {
    const { kept } = world();
    const log = () => new Log(new MemoryRows(kept), { ...EVENT_LOG, keepAtMost: 3 });
    for (const type of ['a', 'b', 'c', 'd']) await log().append('run', event(type));
    await log().append('run', event('e'), event('f'));
    expect((await log().list('run')).map(({ place, entry }) => [place, entry.type])).toEqual([
      [4, 'd'],
      [5, 'e'],
      [6, 'f'],
    ]);
  });
});
