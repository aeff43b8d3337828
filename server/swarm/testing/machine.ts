import type { Machine } from '../machine.ts';

/** Where the Playwright of such a machine keeps its browser. */
export const PLAYWRIGHTS = '/cache/chrome';

/** A Linux of which `runs` says which paths hold a browser; what happens to it is written down. */
export function machineWith(runs: string[], over: Partial<Machine> = {}) {
  const events: string[] = [];
  const act = (event: string, gives: string | null, failure: string | null) => () => {
    events.push(event);
    if (gives !== null) runs.push(gives);
    return Promise.resolve(failure);
  };
  const machine: Machine = {
    platform: 'linux',
    root: true,
    debian: true,
    which: (command) => Promise.resolve(runs.find((path) => path.endsWith(`/${command}`)) ?? null),
    runs: (path) => Promise.resolve(runs.includes(path)),
    playwrightPath: () => Promise.resolve(PLAYWRIGHTS),
    download: act('download', null, 'no network'),
    installLibraries: act('libraries', null, null),
    installPackage: act('package', null, 'no network'),
    log: (line) => events.push(line),
    ...over,
  };
  return { machine, events, act };
}
