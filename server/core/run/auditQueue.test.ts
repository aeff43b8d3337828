import { describe, expect, it } from 'vitest';
import { AuditQueue } from './auditQueue.ts';

const ROOM = 256;
const OF_DEVICE = 8;

function queue() {
  const dropped: number[] = [];
  const updates = new AuditQueue(7, ({ lease }) => dropped.push(lease));
  let lease = 0;
  const add = (device: string, count = 1) => {
    for (let added = 0; added < count; added++) updates.add({ lease: ++lease, device });
  };
  const take = () => updates.take(() => 0);
  return { updates, dropped, add, take };
}

describe('the queue of audits', () => {
  it('[AT7] takes one of the device that was audited longest ago', () => {
    const { add, take } = queue();
    add('a', 3);
    add('b', 2);
    expect(Array.from({ length: 5 }, () => take()?.device)).toEqual(['a', 'b', 'a', 'b', 'a']);
    expect(take()).toBeUndefined();
  });

  it('[AT7] takes any of the updates of a device, which cannot know which', () => {
    const taken = Array.from({ length: 40 }, (_, seed) => {
      const updates = new AuditQueue(seed, () => undefined);
      for (let lease = 1; lease <= OF_DEVICE; lease++) updates.add({ lease, device: 'a' });
      return updates.take(() => 0)?.lease;
    });
    expect(new Set(taken).size).toBe(OF_DEVICE);
  });

  it('[AT7] has the newest updates of a device, which are no shield for one another', () => {
    const { updates, dropped, add } = queue();
    add('a', OF_DEVICE + 3);
    expect(dropped).toEqual([1, 2, 3]);
    expect(updates.all.map(({ lease }) => lease)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('[AT7] takes what has the least rank first', () => {
    const { updates, add } = queue();
    add('a');
    add('b');
    expect(updates.take(({ device }) => (device === 'b' ? 0 : 1))?.device).toBe('b');
  });

  it('[AT7] where there is no room, a device that has most makes room', () => {
    const { updates, dropped, add } = queue();
    for (let device = 0; device < ROOM / OF_DEVICE; device++) add(`much ${device}`, OF_DEVICE);
    add('little', 2);
    expect(dropped).toEqual([1, OF_DEVICE + 1]);
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
