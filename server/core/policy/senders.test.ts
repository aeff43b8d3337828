import { describe, expect, it } from 'vitest';
import { Senders } from './senders.ts';

const grant = (device: string, seat: number, isBounded: boolean) => ({ device, seat, isBounded });

/** Leases 1, 2, ... for these workers. */
function granted(...grants: ReturnType<typeof grant>[]): Senders {
  const senders = new Senders();
  grants.forEach((each, index) => senders.granted(index + 1, each));
  return senders;
}

describe('senders', () => {
  it('[PO19] each update of a trusted device is a voice, and all of a bounded one are one', () => {
    const senders = granted(
      grant('a', 0, false),
      grant('a', 1, false),
      grant('b', 2, true),
      grant('b', 3, true),
    );
    expect(senders.voicesOf([1, 2])).toBe(2);
    expect(senders.voicesOf([3, 4])).toBe(1);
    expect(senders.voicesOf([1, 2, 3, 4])).toBe(3);
  });

  it('[PO19] expects nothing of a worker whose lease came to nothing, until an update of it comes', () => {
    const senders = granted(grant('a', 0, true), grant('b', 1, true), grant('c', 2, false));
    expect(senders.expected(3)).toEqual({ workers: 1, boundedDevices: 2 });
    senders.ended(1);
    senders.ended(3);
    expect(senders.expected(3)).toEqual({ workers: 0, boundedDevices: 1 });
    senders.granted(4, grant('a', 0, true));
    expect(senders.expected(3).boundedDevices).toBe(1);
    senders.completed(4);
    senders.ended(4);
    expect(senders.expected(3).boundedDevices).toBe(2);
  });

  it('[PO19] expects no more than there are workers, and of another device in a seat what it does itself', () => {
    const senders = granted(grant('a', 0, true), grant('b', 1, true));
    expect(senders.expected(1).boundedDevices).toBe(1);
    senders.ended(1);
    senders.granted(3, grant('c', 0, true));
    expect(senders.expected(2).boundedDevices).toBe(2);
  });

  it('[PO20] counts on a worker that sent an update and did not fail to since', () => {
    const senders = granted(grant('a', 0, true));
    expect(senders.isCountedOn(1)).toBe(false);
    senders.completed(1);
    senders.ended(1);
    senders.granted(2, grant('a', 0, true));
    expect(senders.isCountedOn(2)).toBe(true);
    senders.ended(2);
    senders.granted(3, grant('a', 0, true));
    expect(senders.isCountedOn(3)).toBe(false);
  });
});
