import { describe, expect, it } from 'vitest';
import { Senders } from './senders.ts';

const grant = (device: string, seat: number, voices: number) => ({ device, seat, voices });

/** Leases 1, 2, ... for these workers. */
function granted(...grants: ReturnType<typeof grant>[]): Senders {
  const senders = new Senders();
  grants.forEach((each, index) => senders.granted(index + 1, each));
  return senders;
}

describe('senders', () => {
  it('[PO19] each update of a device that is vouched for is a voice, and those of another are no more than it has', () => {
    const senders = granted(
      grant('a', 0, Infinity),
      grant('a', 1, Infinity),
      grant('b', 2, 1),
      grant('b', 3, 1),
    );
    expect(senders.voicesOf([1, 2])).toBe(2);
    expect(senders.voicesOf([3, 4])).toBe(1);
    expect(senders.voicesOf([1, 2, 3, 4])).toBe(3);
    const earned = granted(grant('c', 0, 2), grant('c', 1, 2), grant('c', 2, 2));
    expect(earned.voicesOf([1])).toBe(1);
    expect(earned.voicesOf([1, 2, 3])).toBe(2);
    expect(earned.expected(3)).toEqual({ vouched: 0, others: 2 });
  });

  it('[PO19] expects nothing of a worker whose lease came to nothing, until an update of it comes', () => {
    const senders = granted(grant('a', 0, 1), grant('b', 1, 1), grant('c', 2, Infinity));
    expect(senders.expected(3)).toEqual({ vouched: 1, others: 2 });
    senders.ended(1);
    senders.ended(3);
    expect(senders.expected(3)).toEqual({ vouched: 0, others: 1 });
    senders.granted(4, grant('a', 0, 1));
    expect(senders.expected(3).others).toBe(1);
    senders.completed(4);
    senders.ended(4);
    expect(senders.expected(3).others).toBe(2);
  });

  it('[PO19] expects no more than there are workers, and of another device in a seat what it does itself', () => {
    const senders = granted(grant('a', 0, 1), grant('b', 1, 1));
    expect(senders.expected(1).others).toBe(1);
    senders.ended(1);
    senders.granted(3, grant('c', 0, 1));
    expect(senders.expected(2).others).toBe(2);
  });

  it('[PO20] counts on a worker that sent an update and did not fail to since', () => {
    const worker = grant('a', 0, 1);
    const senders = granted(worker);
    expect(senders.isCountedOn(worker)).toBe(false);
    senders.completed(1);
    senders.ended(1);
    expect(senders.isCountedOn(worker)).toBe(true);
    expect(senders.isCountedOn(grant('b', 0, 1))).toBe(false);
    senders.granted(2, worker);
    senders.ended(2);
    expect(senders.isCountedOn(worker)).toBe(false);
  });
});
