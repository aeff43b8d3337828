import { describe, expect, it } from 'vitest';
import { findChromium, NoBrowserError } from './chromium.ts';
import { reasonIn } from './machine.ts';
import { machineWith, PLAYWRIGHTS } from './testing/machine.ts';

describe('findChromium', () => {
  it('takes the one that is asked for, and no other', async () => {
    const { machine, events } = machineWith(['/opt/c', '/usr/bin/chromium']);
    expect(await findChromium('/opt/c', machine)).toMatchObject({ executablePath: '/opt/c' });
    expect(events).toEqual(['Chromium: /opt/c (asked for by --chromium)']);
    await expect(findChromium('/opt/d', machine)).rejects.toThrow(/TABSWARM_CHROMIUM.*"\/opt\/d"/);
  });

  it('prefers an installed one', async () => {
    const { machine, events } = machineWith([PLAYWRIGHTS, '/usr/bin/google-chrome', '/usr/bin/chromium']);
    expect((await findChromium(null, machine)).executablePath).toBe('/usr/bin/chromium');
    expect(events).toHaveLength(1);
  });

  it('passes over one that is there but does not run', async () => {
    const { machine } = machineWith(['/usr/bin/google-chrome'], {
      which: (command) => Promise.resolve(`/usr/bin/${command}`),
    });
    expect((await findChromium(null, machine)).executablePath).toBe('/usr/bin/google-chrome');
  });

  it.each([
    ['darwin', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
    ['win32', 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'],
  ] as const)('looks at the usual places of %s', async (platform, path) => {
    const { machine } = machineWith([path], { platform, which: () => Promise.resolve(null) });
    expect((await findChromium(null, machine)).executablePath).toBe(path);
  });

  it('then takes the one that Playwright has', async () => {
    const { machine, events } = machineWith([PLAYWRIGHTS]);
    expect((await findChromium(null, machine)).executablePath).toBe(PLAYWRIGHTS);
    expect(events).not.toContain('download');
  });

  it('then downloads it', async () => {
    const runs: string[] = [];
    const { machine, events, act } = machineWith(runs);
    machine.download = act('download', PLAYWRIGHTS, null);
    expect((await findChromium(null, machine)).executablePath).toBe(PLAYWRIGHTS);
    expect(events).not.toContain('package');
  });

  it('and installs the libraries that it lacks, as root', async () => {
    const { machine, events, act } = machineWith([]);
    machine.download = act('download', null, null);
    machine.installLibraries = act('libraries', PLAYWRIGHTS, null);
    expect((await findChromium(null, machine)).executablePath).toBe(PLAYWRIGHTS);
    expect(events).toContain('libraries');
  });

  it('then installs the package, on Debian as root', async () => {
    const { machine, events, act } = machineWith([]);
    machine.installPackage = act('package', '/usr/bin/chromium', null);
    expect((await findChromium(null, machine)).executablePath).toBe('/usr/bin/chromium');
    expect(events.indexOf('download')).toBeLessThan(events.indexOf('package'));
  });

  it.each([
    [{ root: false }, 'needs root'],
    [{ debian: false }, 'no Debian'],
    [{}, 'apt-get install chromium failed (no network)'],
  ])('gives up with one sentence about all that was tried: %o', async (over, part) => {
    const { machine, events } = machineWith([], over);
    const error: unknown = await findChromium(null, machine).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoBrowserError);
    const { message } = error as NoBrowserError;
    for (const each of ['is installed', 'download failed (no network)', part])
      expect(message).toContain(each);
    expect(message).not.toContain('\n');
    expect(events.includes('package')).toBe(Object.keys(over).length === 0);
  });
});

it('tells why a program failed in one line', () => {
  expect(reasonIn('Downloading\nError: connect ECONNREFUSED\n  code: 1\n}\nError: failed\n')).toBe(
    'connect ECONNREFUSED',
  );
  expect(reasonIn('Reading...\nE: Unable to locate package\n')).toBe('Unable to locate package');
  expect(reasonIn('killed\n\n')).toBe('killed');
  expect(reasonIn('')).toBeUndefined();
});
