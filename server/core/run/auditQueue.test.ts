import { describe, expect, it } from 'vitest';
import { AuditQueue } from './auditQueue.ts';

const ROOM = 256;

function queue() {
  const dropped: number[] = [];
  const updates = new AuditQueue(({ lease }) => dropped.push(lease));
  let lease = 0;
  const add = (device: string, count = 1) => {
    for (let added = 0; added < count; added++) updates.add({ lease: ++lease, device });
  };
  const take = () => updates.take(() => 0);
  return { updates, dropped, add, take };
}

describe('the queue of audits', () => {
  it('[AT7] takes the oldest of the device that was audited longest ago', () => {
    const { add, take } = queue();
    add('a', 3);
    add('b', 2);
    expect(Array.from({ length: 5 }, () => take()?.lease)).toEqual([1, 4, 2, 5, 3]);
    expect(take()).toBeUndefined();
  });

  it('[AT7] takes what has the least rank first', () => {
    const { updates, add } = queue();
    add('a');
    add('b');
    expect(updates.take(({ device }) => (device === 'b' ? 0 : 1))?.device).toBe('b');
  });

  it('[AT7] a device that sends much makes room for the others', () => {
    const { updates, dropped, add } = queue();
    add('much', ROOM + 40);
    expect(dropped).toEqual(Array.from({ length: 40 }, (_, index) => ROOM + 1 + index));
    add('little', 2);
    expect(dropped.slice(40)).toEqual([ROOM, ROOM - 1]);
    expect(updates.all.filter(({ device }) => device === 'little')).toHaveLength(2);
    expect(updates.all).toHaveLength(ROOM);
  });

  it('holds nothing that was taken or deleted', () => {
    const { updates, add, take } = queue();
    add('a', 2);
    take();
    expect(updates.has(1)).toBe(false);
    updates.delete(2);
    updates.delete(2);
    expect(updates.all).toEqual([]);
  });
});
