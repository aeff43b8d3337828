import { describe, expect, it } from 'vitest';
import { UplinkMeter } from './uplinkMeter.ts';

function meterAt() {
  let time = 0;
  const meter = new UplinkMeter(() => time);
  /** A message in reads of so many bytes, each so many milliseconds after the one before. */
  const message = (reads: number[], everyMs: number) => {
    reads.forEach((bytes, index) => {
      if (index > 0) time += everyMs;
      meter.read(bytes);
    });
    meter.ended();
  };
  return { meter, message, wait: (ms: number) => (time += ms) };
}

const READS = [1460, 1460, 1460, 1460, 1460];

describe('the uplink of a connection', () => {
  it('[AD10] is what comes in behind the first read of a message, over the time that it takes', () => {
    const { meter, message } = meterAt();
    expect(meter.bytesPerSecond).toBeNull();
    message(READS, 10);
    expect(meter.bytesPerSecond).toBe(146_000);
  });

  it('leaves out the time between messages, and messages that tell nothing', () => {
    const { meter, message, wait } = meterAt();
    message([100_000], 10);
    message([500, 500], 10);
    expect(meter.bytesPerSecond).toBeNull();
    for (let turn = 0; turn < 5; turn++) {
      message([200], 0);
      wait(60_000);
      message(READS, 10);
      wait(60_000);
    }
    expect(meter.bytesPerSecond).toBe(146_000);
  });

  it('is none the slower for a few reads that the server came late to, and follows a line that changes', () => {
    const { meter, message } = meterAt();
    for (let turn = 0; turn < 9; turn++) message(READS, turn % 3 === 0 ? 500 : 10);
    expect(meter.bytesPerSecond).toBe(146_000);
    for (let turn = 0; turn < 5; turn++) message(READS, 100);
    expect(meter.bytesPerSecond).toBe(14_600);
  });

  it('is a number even where the clock shows no time at all', () => {
    const { meter, message } = meterAt();
    message(READS, 0);
    expect(meter.bytesPerSecond).toBe(5840 / 0.05e-3);
  });
});
