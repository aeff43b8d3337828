import { machine, type Machine } from './machine.ts';

/** A browser to run the tabs in, and where it was found. */
export interface FoundChromium {
  executablePath: string;
  why: string;
}

/** No Chromium is here and none can be had; the message names all that was tried. */
export class NoBrowserError extends Error {
  override name = 'NoBrowserError';
}

/** What a browser's command is called, the free ones first. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Where an installed browser is that no PATH leads to. Edge is a Chromium, and on every Windows. */
const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['Chromium', 'Google Chrome', 'Microsoft Edge'].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  ),
  win32: ['Program Files', 'Program Files (x86)'].flatMap((folder) => [
    `C:\\${folder}\\Google\\Chrome\\Application\\chrome.exe`,
    `C:\\${folder}\\Microsoft\\Edge\\Application\\msedge.exe`,
  ]),
};

/**
 * Finds a Chromium: the one that is asked for, else an installed one, else Playwright's, which it downloads where
 * it is missing, else (Debian, root) the system's package, which it installs. Says which, and why.
 * @param wanted the path that the setting `--chromium` names, or null.
 * @throws {NoBrowserError} where none can be had, or the one that is asked for does not run.
 */
export async function findChromium(wanted: string | null, on: Machine = machine): Promise<FoundChromium> {
  const found = wanted === null ? await search(on) : await asked(wanted, on);
  on.log(`Chromium: ${found.executablePath} (${found.why})`);
  return found;
}

async function asked(wanted: string, on: Machine): Promise<FoundChromium> {
  if (await on.runs(wanted)) return { executablePath: wanted, why: 'asked for by --chromium' };
  throw new NoBrowserError(`--chromium (TABSWARM_CHROMIUM): "${wanted}" is no browser that runs here`);
}

async function search(on: Machine): Promise<FoundChromium> {
  const steps = [installed, playwrights, downloaded, packaged];
  const tried: string[] = [];
  for (const step of steps) {
    const result = await step(on);
    if (typeof result !== 'string') return result;
    tried.push(result);
  }
  throw new NoBrowserError(
    `No Chromium to open tabs in: ${tried.join('; ')}. Install Chromium or Chrome, or name one with --chromium.`,
  );
}

/** A browser, or what was tried in vain. */
type Step = (on: Machine) => Promise<FoundChromium | string>;

const installed: Step = async (on) => {
  for (const name of COMMANDS) {
    const path = await on.which(name);
    if (path !== null && (await on.runs(path))) return { executablePath: path, why: 'installed' };
  }
  for (const path of PLACES[on.platform] ?? []) {
    if (await on.runs(path)) return { executablePath: path, why: 'installed' };
  }
  return `none of ${COMMANDS.join(', ')} is installed`;
};

const playwrights: Step = async (on) => {
  const path = await on.playwrightPath();
  return (await on.runs(path))
    ? { executablePath: path, why: "Playwright's, downloaded earlier" }
    : 'Playwright has none that runs';
};

const downloaded: Step = async (on) => {
  on.log('No Chromium is installed: downloading the one of Playwright.');
  const failure = await on.download();
  if (failure !== null) return `Playwright's download failed (${failure})`;
  const path = await on.playwrightPath();
  const found = { executablePath: path, why: "Playwright's, downloaded now: none was installed" };
  if (await on.runs(path)) return found;
  if (on.root && on.platform === 'linux') {
    on.log('It lacks system libraries: installing them.');
    await on.installLibraries();
    if (await on.runs(path)) return found;
  }
  return "Playwright's was downloaded but does not run";
};

const packaged: Step = async (on) => {
  if (!on.debian) return 'this is no Debian, whose package it could install';
  if (!on.root) return 'its Debian package needs root (apt-get install chromium)';
  on.log("Installing Debian's package chromium.");
  const failure = await on.installPackage();
  if (failure !== null) return `apt-get install chromium failed (${failure})`;
  const path = await on.which('chromium');
  return path !== null && (await on.runs(path))
    ? { executablePath: path, why: "Debian's package, installed now: there was no other" }
    : "Debian's package was installed but does not run";
};
