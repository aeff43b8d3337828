import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { ignoreHangup, interruption, type EndSignal } from './interruption.ts';

/** A process that is sent signals, and what a command made of them. */
function interruptible(hasTerminal = true) {
  const clock = new VirtualClock();
  const signals = new EventEmitter();
  const ends: EndSignal[] = [];
  const notes: string[] = [];
  let interrupted = false;
  const process = {
    on: (signal: EndSignal, heard: () => void) => signals.on(signal, heard),
    endBy: (signal: EndSignal) => void ends.push(signal),
  };
  const parts = { process, clock, hasTerminal };
  const begin = () => {
    void interruption((line) => notes.push(line), parts).then(() => (interrupted = true));
  };
  /** Whether the command ends, once it was sent these. */
  const sent = async (...given: EndSignal[]) => {
    for (const signal of given) signals.emit(signal);
    await Promise.resolve();
    return interrupted;
  };
  const listeners = () => signals.listenerCount('SIGHUP');
  return { clock, ends, notes, parts, begin, sent, listeners };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

describe('a command that is asked to end', () => {
  it.each([...SIGNALS, 'SIGHUP'] as const)('[EX2] ends in good order at the first %s', async (signal) => {
    const { begin, sent, ends, notes } = interruptible();
    begin();
    expect(await sent()).toBe(false);
    expect(await sent(signal)).toBe(true);
    expect([ends, notes]).toEqual([[], []]);
  });

  it('[EX3] takes one Ctrl-C that comes twice, from the terminal and from npm, for one', async () => {
    const { begin, sent, clock, ends } = interruptible();
    begin();
    await sent('SIGINT', 'SIGINT');
    clock.advance(499);
    await sent('SIGINT');
    expect(ends).toEqual([]);
  });

  it.each(SIGNALS)(
    '[EX3] ends at once at a second %s, by that signal, and says so in a line',
    async (second) => {
      for (const first of [...SIGNALS, 'SIGHUP'] as const) {
        const { begin, sent, clock, ends, notes } = interruptible();
        begin();
        await sent(first);
        clock.advance(500);
        await sent(second);
        expect(ends).toEqual([second]);
        expect(notes).toEqual([
          `Ended at once by a second signal, ${second}: what was not kept by now is lost.`,
        ]);
      }
    },
  );

  it('[EX3] is told after a while what another Ctrl-C does', async () => {
    const { begin, sent, clock, notes } = interruptible();
    begin();
    await sent('SIGINT');
    clock.advance(2999);
    expect(notes).toEqual([]);
    clock.advance(1);
    expect(notes).toEqual(['Still ending. Another Ctrl-C ends it at once, and keeps no more.']);
  });
});

describe('a terminal that is closed', () => {
  it('[EX2] counts once, however often the shell says it again', async () => {
    const { begin, sent, clock, ends } = interruptible();
    begin();
    await sent('SIGHUP');
    clock.advance(10_000);
    await sent('SIGHUP');
    expect(ends).toEqual([]);
  });

  it('[EX4] is nothing to a command without one, as under nohup, from its first moment on', async () => {
    const { begin, parts, sent, listeners } = interruptible(false);
    ignoreHangup(parts);
    expect(listeners()).toBe(1);
    begin();
    expect(await sent('SIGHUP')).toBe(false);
    expect(await sent('SIGTERM')).toBe(true);
  });

  it('[EX4] ends a command with one that has nothing to keep yet, as it would any program', () => {
    const { parts, listeners } = interruptible();
    ignoreHangup(parts);
    expect(listeners()).toBe(0);
  });
});
