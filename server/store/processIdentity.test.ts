import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { processStateOf, machineOf, thisProcess } from './processIdentity.ts';

const onLinux = describe.skipIf(process.platform !== 'linux');

describe('what became of a process', () => {
  test('[CK11] this one runs', () => {
    expect(processStateOf(thisProcess())).toBe('runs');
  });

  test('[CK11] one that was killed has ended', async () => {
    const child = spawn('sleep', ['60']);
    const identity = { ...thisProcess(), pid: child.pid ?? 0, started: null };
    expect(processStateOf(identity)).toBe('runs');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processStateOf(identity)).toBe('ended');
  });

  test('[CK23] one of another machine cannot be seen', () => {
    expect(processStateOf({ ...thisProcess(), host: 'elsewhere.example' })).toBe('unseen');
  });
});

describe('what became of a process of another start of a machine', () => {
  const now = { ...thisProcess(), boot: 'this start', machine: 'this machine' };
  const before = { ...now, boot: 'the start before' };

  test('[CK11] that is this machine: it has ended', () => {
    expect(processStateOf(before, now)).toBe('ended');
  });

  test.each([
    ['another machine of the same name', { ...before, machine: 'another machine' }, now],
    ['a machine that does not say which it is', { ...before, machine: null }, now],
    ['a machine, while this one does not say which it is', before, { ...now, machine: null }],
    ['a machine, where neither says which it is', { ...before, machine: null }, { ...now, machine: null }],
    ['a machine whose start is not known', { ...before, machine: null, boot: null }, now],
  ])('[CK11] that is %s: it cannot be seen', (_, identity, here) => {
    expect(processStateOf(identity, here)).toBe('unseen');
  });
});

describe('the id of a machine', () => {
  const first = '3d1219c7c4c5404aaa1f6d2a48adfda4';
  const initial = 'pid:[4026531836]';

  test('[CK11] is made of the one that it has, which is not given away', () => {
    const id = machineOf(`${first}\n`, initial);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).toBe(machineOf(first, initial));
    expect(id).not.toBe(first);
    expect(machineOf('a'.repeat(32), initial)).not.toBe(id);
  });

  test.each([
    ['where it has none', null, initial],
    ['where the file is empty', '', initial],
    ['before it was given one', 'uninitialized\n', initial],
    ['in a container, whose file may be one of its image', first, 'pid:[4026532200]'],
    ['where nothing says whether it is a container', first, null],
  ])('[CK11] is not known %s', (_, file, space) => {
    expect(machineOf(file, space)).toBeNull();
  });
});

onLinux('what became of a process, where the system says when it began', () => {
  test('[CK11] one whose id another process has by now has ended', () => {
    expect(processStateOf({ ...thisProcess(), started: '1' })).toBe('ended');
  });

  test('[CK23] one of another container cannot be seen', () => {
    expect(processStateOf({ ...thisProcess(), space: 'pid:[1]' })).toBe('unseen');
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
        expect(processStateOf({ ...thisProcess(), pid, started: field(22) ?? null })).toBe('ended');
        break;
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});
