import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';

/** What finding a browser needs of the machine that it runs on. */
export interface Machine {
  platform: NodeJS.Platform;
  root: boolean;
  /** Whether this is Debian; Ubuntu's package of that name is a stub for a snap, which containers cannot run. */
  debian: boolean;
  /** Path of a command, or null. */
  which(command: string): Promise<string | null>;
  /** Whether a browser is at this path and starts. */
  runs(path: string): Promise<boolean>;
  /** Where Playwright keeps its Chromium, there or not. */
  playwrightPath(): Promise<string>;
  /** Downloads Playwright's; null, or in a few words why not. */
  download(): Promise<string | null>;
  /** Installs the system libraries that Playwright's needs. */
  installLibraries(): Promise<string | null>;
  /** Installs Debian's package; null, or in a few words why not. */
  installPackage(): Promise<string | null>;
  log(line: string): void;
}

/** A browser that takes longer than this to say its version does not start. */
const VERSION_MS = 20_000;
/** 170 MB on a slow line; a network that drops packets without a word must not hold a command up for longer. */
const DOWNLOAD_MS = 180_000;
const APT_MS = 300_000;

const playwrightCli = () => join(dirname(createRequire(import.meta.url).resolve('playwright')), 'cli.js');

/**
 * Runs a program that may not ask anything; null, or in a few words why it failed. What it says goes nowhere:
 * standard output belongs to the command.
 */
function attempt(file: string, args: readonly string[], timeout: number): Promise<string | null> {
  return new Promise((done) => {
    const child = execFile(file, args, { timeout, maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      if (error === null) done(null);
      else if (error.killed === true) done(`no end after ${timeout / 1000} s`);
      else done(reasonIn(stderr) ?? reasonIn(error.message) ?? 'no reason given');
    });
    child.stdin?.end();
  });
}

/** The first line that calls itself an error, without that word: what comes after it mostly follows from it. */
export function reasonIn(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim());
  const said = lines.find((line) => /^(E|Error): /.test(line)) ?? lines.filter((line) => line !== '').at(-1);
  return said?.replace(/^(E|Error): /, '').slice(0, 200);
}

function which(command: string): Promise<string | null> {
  if (process.platform === 'win32') return Promise.resolve(null);
  return new Promise((done) => {
    execFile('/bin/sh', ['-c', 'command -v "$0"', command], (error, stdout) => {
      const path = stdout.trim();
      done(error === null && path.startsWith('/') ? path : null);
    });
  });
}

function osRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}

/** This machine. */
export const machine: Machine = {
  platform: process.platform,
  root: process.getuid?.() === 0,
  debian: /^ID=(debian|raspbian)$/m.test(osRelease()),
  which,
  async runs(path) {
    if (!existsSync(path)) return false;
    // On Windows, a browser that is asked for its version opens a window instead.
    if (process.platform === 'win32') return true;
    // A stub without its browser, and a browser without its libraries, exist but do not start.
    return (await attempt(path, ['--version'], VERSION_MS)) === null;
  },
  async playwrightPath() {
    const { chromium } = await import('playwright');
    return chromium.executablePath();
  },
  // The whole browser: the headless shell, which is smaller, is another program than what was measured.
  download: () =>
    attempt(process.execPath, [playwrightCli(), 'install', '--no-shell', 'chromium'], DOWNLOAD_MS),
  installLibraries: () => attempt(process.execPath, [playwrightCli(), 'install-deps', 'chromium'], APT_MS),
  async installPackage() {
    const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=60'];
    const updated = await attempt('apt-get', [...options, 'update'], APT_MS);
    const installed = await attempt(
      'env',
      ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, 'install', 'chromium'],
      APT_MS,
    );
    return installed === null ? null : (updated ?? installed);
  },
  log: (line) => process.stderr.write(`${line}\n`),
};
