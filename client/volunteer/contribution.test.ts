import { describe, expect, it } from 'vitest';
import type { RunStatus } from '../../shared/protocol/messages.ts';
import {
  begin,
  initially,
  isActive,
  receive,
  runWords,
  stateWords,
  stopping,
  totals,
} from './contribution.ts';

const status: RunStatus = {
  state: 'running',
  stop: null,
  model: 'lenet',
  version: 4,
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

  it('shows no speed once it has stopped or lost the connection', () => {
    const training = receive(receive(begin(initially), state('training')), progress);
    expect(training.samplesPerSecond).toBe(50);
    expect(receive(training, state('connecting')).samplesPerSecond).toBe(0);
    expect(receive(stopping(training), progress).samplesPerSecond).toBe(0);
  });

  it('is not pulled back to work by what the worker said before it heard of Stop', () => {
    const shown = stopping(receive(begin(initially), state('training')));
    expect(receive(shown, state('waiting')).state).toBe('stopping');
    expect(receive(shown, state('stopped')).state).toBe('stopped');
  });

  it('says why it waits', () => {
    const waiting = receive(begin(initially), state('waiting'));
    expect(stateWords(waiting)).toBe('Connected, waiting for work');
    expect(stateWords(receive(waiting, { type: 'status', status: { ...status, state: 'paused' } }))).toMatch(
      /paused/,
    );
    expect(stateWords(receive(waiting, { type: 'status', status: { ...status, state: 'stopped' } }))).toMatch(
      /ended/,
    );
  });

  it('says how the run stands', () => {
    expect(runWords(status)).toBe('The run of lenet is under way.');
    expect(runWords({ ...status, state: 'stopped', stop: 'target' })).toBe(
      'The run of lenet reached its target accuracy.',
    );
  });
});
