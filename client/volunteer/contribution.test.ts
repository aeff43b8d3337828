import { describe, expect, it } from 'vitest';
import type { RunStatus } from '../../shared/protocol/messages.ts';
import {
  begin,
  continuing,
  figuresOf,
  initially,
  isActive,
  isJoined,
  receive,
  describeRun,
  samplesByAll,
  describeState,
  stopping,
  totals,
} from './contribution.ts';

const status: RunStatus = {
  state: 'running',
  stop: null,
  model: 'lenet',
  version: 4,
  updates: 4,
  samples: 400,
  devices: 2,
  testAccuracy: null,
  testImages: 10_000,
};
const progress = { type: 'progress', samplesPerSecond: 50, applied: 3, lost: 1, samples: 96 } as const;
const state = (
  name: 'training' | 'waiting' | 'connecting' | 'stopped' | 'failed',
  message: string | null = null,
) => ({ type: 'state', state: name, message }) as const;

const news = (changes: Partial<RunStatus>) =>
  ({ type: 'status', status: { ...status, ...changes } }) as const;

describe('contribution', () => {
  it('adds what earlier workers of the page did', () => {
    let shown = receive(begin(initially), progress);
    shown = receive(stopping(shown), state('stopped'));
    expect(totals(shown)).toEqual({ applied: 3, lost: 1, samples: 96 });
    shown = begin(shown);
    expect(totals(shown)).toEqual({ applied: 3, lost: 1, samples: 96 });
    expect(totals(receive(shown, progress))).toEqual({ applied: 6, lost: 2, samples: 192 });
  });

  it('counts the workers that train beside each other', () => {
    expect(receive(begin(initially), { type: 'workers', count: 3 }).workers).toBe(3);
  });

  it('says Stop while a worker is at it', () => {
    expect(isActive(initially)).toBe(false);
    const training = receive(begin(initially), state('training'));
    expect(isActive(training)).toBe(true);
    expect(isActive(stopping(training))).toBe(false);
    expect(isActive(receive(training, state('failed', 'no')))).toBe(false);
  });

  it('[PG1] shows no speed once it has stopped or lost the connection, whatever comes late', () => {
    const training = receive(receive(begin(initially), state('training')), progress);
    expect(training.samplesPerSecond).toBe(50);
    expect(receive(receive(training, state('connecting')), progress).samplesPerSecond).toBe(0);
    expect(receive(stopping(training), progress).samplesPerSecond).toBe(0);
  });

  it.each(['paused', 'stopped'] as const)('[PG1] shows no speed while the run is %s', (name) => {
    const training = receive(receive(begin(initially), state('training')), progress);
    const idle = receive(training, news({ state: name }));
    expect(idle.samplesPerSecond).toBe(0);
    const late = receive(idle, progress);
    expect([late.samplesPerSecond, totals(late).samples]).toEqual([0, 96]);
    expect(receive(receive(late, news({})), progress).samplesPerSecond).toBe(50);
  });

  it('[PG3] shows no fewer samples by all than by this device', () => {
    const shown = receive(receive(begin(initially), news({ samples: 64 })), progress);
    expect(samplesByAll(shown)).toBe(96);
    expect(samplesByAll(receive(shown, news({ samples: 4000 })))).toBe(4000);
    expect(samplesByAll(initially)).toBeNull();
  });

  it('[PG8] counts what it did for an earlier run apart from the present one', () => {
    const before = receive(receive(begin(initially), news({ samples: 4000 })), progress);
    const after = receive(before, news({ samples: 32 }));
    expect(after.earlier.samples).toBe(96);
    expect(samplesByAll(after)).toBe(32);
    expect(samplesByAll(receive(after, { ...progress, samples: 160 }))).toBe(64);
  });

  it('[PG16] goes on from the figures that a page before it kept', () => {
    const before = receive(receive(begin(initially), news({ samples: 4000 })), progress);
    const shown = begin(continuing(initially, figuresOf(before)));
    expect(totals(shown)).toEqual({ applied: 3, lost: 1, samples: 96 });
    expect(totals(receive(shown, progress)).samples).toBe(192);
    const none = continuing(shown, null);
    expect(figuresOf(none)).toEqual(figuresOf(initially));
  });

  it('[PG8] [PG3] counts what a page before it did for an earlier run apart', () => {
    const before = receive(receive(begin(initially), news({ samples: 4000 })), progress);
    const after = receive(begin(continuing(initially, figuresOf(before))), news({ samples: 32 }));
    expect(after.earlier.samples).toBe(96);
    expect(samplesByAll(after)).toBe(32);
    expect(figuresOf(after)).toMatchObject({ earlier: { samples: 96 }, runSamples: 32 });
  });

  it('is not pulled back to work by what the worker said before it heard of Stop', () => {
    const shown = stopping(receive(begin(initially), state('training')));
    expect(receive(shown, state('waiting')).state).toBe('stopping');
    expect(receive(shown, state('stopped')).state).toBe('stopped');
  });

  it('says why it waits', () => {
    const waiting = receive(begin(initially), state('waiting'));
    expect(describeState(waiting)).toBe('Connected, waiting for work');
    expect(
      describeState(receive(waiting, { type: 'status', status: { ...status, state: 'paused' } })),
    ).toMatch(/paused/);
    expect(
      describeState(receive(waiting, { type: 'status', status: { ...status, state: 'stopped' } })),
    ).toMatch(/ended/);
  });

  it('says how the run stands', () => {
    const running = receive(receive(begin(initially), state('training')), news({}));
    expect(describeRun(running)).toBe('The run of lenet is under way.');
    expect(describeRun(receive(running, news({ state: 'stopped', stop: 'target' })))).toBe(
      'The run of lenet reached its target accuracy.',
    );
  });

  it('[PG7] says of a run that it cannot ask about how it stood', () => {
    const lost = receive(
      receive(receive(begin(initially), state('training')), news({})),
      state('connecting'),
    );
    expect(isJoined(lost)).toBe(false);
    expect(describeRun(lost)).toBe('When last heard of, the run of lenet was under way.');
    expect(lost.heard).toBe(false);
    const back = receive(receive(lost, state('waiting')), news({}));
    expect([isJoined(back), back.heard]).toEqual([true, true]);
    expect(begin(back).heard).toBe(false);
  });
});
