import { describe, expect, it } from 'vitest';
import { machine, type Machine } from '../../server/swarm/machine.ts';
import { findFirefox } from './firefox.ts';
import { findWebKit } from './webkit.ts';

/** A machine with these commands, all of which run. */
function machineWith(commands: string[], platform: NodeJS.Platform = 'linux'): Machine {
  const paths = new Map(commands.map((name) => [name, `/bin/${name}`]));
  return {
    ...machine,
    platform,
    which: (command) => Promise.resolve(paths.get(command) ?? null),
    runs: (path) => Promise.resolve(path.startsWith('/bin/')),
  };
}

describe('the browsers of a machine', () => {
  it('are Firefox by either name, or none', async () => {
    expect(await findFirefox(machineWith(['firefox-esr']))).toBe('/bin/firefox-esr');
    expect(await findFirefox(machineWith(['firefox-esr', 'firefox']))).toBe('/bin/firefox');
    expect(await findFirefox(machineWith([]))).toBeNull();
    expect(await findFirefox(machineWith([], 'darwin'))).toBeNull();
  });

  it('are WebKit where all its parts are here; what is missing is named', async () => {
    const all = machineWith(['WebKitWebDriver', 'xvfb-run']);
    const found = () => Promise.resolve('/lib/MiniBrowser');
    expect(await findWebKit(all, found)).toEqual({
      driver: '/bin/WebKitWebDriver',
      display: '/bin/xvfb-run',
      browser: '/lib/MiniBrowser',
    });
    expect(await findWebKit(machineWith(['WebKitWebDriver']), () => Promise.resolve(null))).toEqual({
      missing:
        'No WebKit can be driven: xvfb-run, MiniBrowser missing; on Debian install webkit2gtk-driver and xvfb.',
    });
  });
});
