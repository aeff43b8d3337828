import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { fateOf, thisProcess } from './processIdentity.ts';

const onLinux = describe.skipIf(process.platform !== 'linux');

describe('what became of a process', () => {
  test('[CK11] this one runs', () => {
    expect(fateOf(thisProcess())).toBe('runs');
  });

  test('[CK11] one that was killed has ended', async () => {
    const child = spawn('sleep', ['60']);
    const identity = { ...thisProcess(), pid: child.pid ?? 0, started: null };
    expect(fateOf(identity)).toBe('runs');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(fateOf(identity)).toBe('ended');
  });

  test('[CK11] one of another machine cannot be seen', () => {
    expect(fateOf({ ...thisProcess(), host: 'elsewhere.example' })).toBe('unseen');
  });
});

onLinux('what became of a process, where the system says when it began', () => {
  test('[CK11] one whose id another process has by now has ended', () => {
    expect(fateOf({ ...thisProcess(), started: '1' })).toBe('ended');
  });

  test('[CK11] one of before the machine was started again has ended', () => {
    expect(fateOf({ ...thisProcess(), boot: '00000000-0000-0000-0000-000000000000' })).toBe('ended');
  });

  test('[CK11] one of another container cannot be seen', () => {
    expect(fateOf({ ...thisProcess(), space: 'pid:[1]' })).toBe('unseen');
  });

  test('[CK11] one that is dead, though nobody has waited for it, has ended', async () => {
    // The shell becomes a program that knows nothing of the child that it had.
    const child = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      for await (const line of createInterface(child.stdout)) {
        const pid = Number(line);
        const field = (number: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[number - 1];
        await expect.poll(() => field(3)).toBe('Z');
        expect(fateOf({ ...thisProcess(), pid, started: field(22) ?? null })).toBe('ended');
        break;
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});
