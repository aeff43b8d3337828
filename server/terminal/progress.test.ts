import { describe, expect, it } from 'vitest';
import type { DeviceRow, Measurement } from '../../shared/protocol/admin.ts';
import type { AllocationReport } from '../../shared/protocol/placement.ts';
import { deviceOf, snapshotOf } from './testing/snapshot.ts';
import { elapsed, progressLine, reporter, runProgress } from './progress.ts';

function recorder(tty: boolean, columns?: number) {
  const written: string[] = [];
  let time = 0;
  const stream = { write: (text: string) => written.push(text), columns };
  return {
    written,
    advance: (ms: number) => (time += ms),
    ...reporter({ stream, tty, clock: { now: () => time } }),
  };
}

const shown = (...snapshot: Parameters<typeof snapshotOf>) => runProgress(snapshotOf(...snapshot));

const measured = (version: number): Measurement => ({
  version,
  samples: 1,
  seconds: 1,
  testAccuracy: 0.9,
  testLoss: 0.3,
});

it('shows time, commits, samples, speed, devices and accuracy', () => {
  expect(progressLine(shown())).toBe(
    '1:02  1,240 commits  79,360 samples  1,880 samples/s  2 devices  94.31%',
  );
  expect(progressLine(shown({ testAccuracy: null, devices: 1, state: 'paused' }))).toMatch(
    /1 device {2}not measured yet {2}paused$/,
  );
  expect([0, 59.9, 3600, 3725].map(elapsed)).toEqual(['0:00', '0:59', '1:00:00', '1:02:05']);
});

it('says why no device works where all devices are in reserve', () => {
  const allocation: AllocationReport = {
    device: '0123456789ab',
    role: 'reserve',
    batch: 4,
    localSteps: 120,
    workers: 0,
    engine: 'wasm',
    unitMs: null,
    dataShards: [],
    why: ['this run requires room: lab'],
  };
  const held = { ...deviceOf('wasm', 0), allocation };
  const atWork = { ...held, allocation: { ...allocation, role: 'train' as const } };
  const gone = { ...held, allocation: null };
  const loading = { ...held, profile: { ...held.profile, engine: null } };
  const line = (...devices: DeviceRow[]) => progressLine(shown({}, { devices }));
  expect(line(held, gone)).toMatch(/94.31% {2}no device works: this run requires room: lab$/);
  for (const devices of [[held, atWork], [gone], [loading], []]) expect(line(...devices)).toMatch(/94.31%$/);
});

describe('on a terminal', () => {
  it('writes one line over, and notes above it', () => {
    const { written, update, note, end } = recorder(true, 200);
    const line = progressLine(shown());
    note('before');
    update(shown());
    update(shown());
    note('hello');
    end();
    end();
    expect(written).toEqual([
      'before\n',
      `\r\u001b[2K${line}`,
      `\r\u001b[2K${line}`,
      `\r\u001b[2Khello\n${line}`,
      '\n',
    ]);
  });

  it('never writes a line that wraps', () => {
    const { written, update } = recorder(true, 20);
    update(shown());
    expect(written[0]).toBe('\r\u001b[2K1:02  1,240 commits');
  });
});

describe('in a log', () => {
  it('writes a line every 5 s while something goes on', () => {
    const { written, update, advance } = recorder(false);
    for (let second = 0; second < 11; second++) {
      update(shown({ updates: second }));
      advance(1000);
    }
    expect(written).toEqual([0, 5, 10].map((updates) => `${progressLine(shown({ updates }))}\n`));
  });

  it('writes nothing while nothing but time goes on, and what comes after that at once', () => {
    const { written, update, advance, end } = recorder(false);
    for (let seconds = 0; seconds < 3600; seconds += 60) {
      update(shown({ updates: 3 }, { seconds }));
      advance(60_000);
    }
    expect(written).toEqual([`${progressLine(shown({ updates: 3 }, { seconds: 0 }))}\n`]);
    update(shown({ updates: 4 }, { seconds: 3600 }));
    end();
    expect(written.slice(1)).toEqual([`${progressLine(shown({ updates: 4 }, { seconds: 3600 }))}\n`]);
  });

  it('writes a line with each measurement, and the last one at the end', () => {
    const { written, update, end } = recorder(false);
    update(shown({ updates: 1 }));
    update(shown({ updates: 2 }));
    update(shown({ updates: 3 }, { measurements: [measured(3)] }));
    update(shown({ updates: 4 }, { measurements: [measured(3)] }));
    end();
    end();
    expect(written.map((line) => /(\d+) commits?/.exec(line)?.[1])).toEqual(['1', '3', '4']);
  });

  it('writes notes as they are', () => {
    const { written, note } = recorder(false);
    note('hello');
    expect(written).toEqual(['hello\n']);
  });
});
