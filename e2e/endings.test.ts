import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { newestCheckpoint } from './support/newestCheckpoint.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { startCommand, type CommandProcess } from './support/commandProcess.ts';
import { startServerProcess } from './support/serverProcess.ts';
import { Cleanup, temporaryFolder } from './support/testServer.ts';

/* How commands end when nobody reads what they write, and when they are asked to end. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const AGAIN_MS = 100;
const RUN = ['--model', 'ray-convnet', '--mode', 'async', '--evaluate-every', '0'];

/** A server with a device at work, and the newest version that the device was told of. */
async function serverAtWork(flags: string[]) {
  const folder = await temporaryFolder(cleanup);
  const server = startServerProcess(cleanup, ['--data-dir', folder, ...RUN, ...flags]);
  const url = /http:\S+(?=\/ )/.exec(await server.said(/^join/))?.[0] ?? 'no address';
  let told = 0;
  startScriptedWorker(cleanup, url, { status: ({ version }) => void (told = version) });
  const version = () => told;
  await expect.poll(version, PATIENCE).toBeGreaterThan(0);
  return { server, folder, version };
}

async function keptVersion(folder: string): Promise<number> {
  return (await newestCheckpoint(folder)).version;
}

/** The children of a process, by the lines of `ps`. */
const childrenOf = ({ pid }: CommandProcess) =>
  execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent]) => Number(parent) === pid)
    .map(([child = '', , ...command]) => ({ pid: Number(child), command: command.join(' ') }));

describe('a command that nobody reads', () => {
  it('[EX1] [EX2] trains on when its readers are gone, and keeps its last version at SIGTERM', async () => {
    const { server, folder, version } = await serverAtWork(['--checkpoint-seconds', '1']);
    server.stopReading();
    const silent = version();
    await expect.poll(version, PATIENCE).toBeGreaterThan(silent + 1);
    await expect.poll(() => keptVersion(folder).catch(() => 0), PATIENCE).toBeGreaterThan(silent);
    const before = version();
    server.signal('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(await keptVersion(folder)).toBeGreaterThanOrEqual(before);
  });

  it('[EX1] has the exit code that it would have', async () => {
    const crowd = ['--tabs', '0', '--node-workers', '1'];
    const flags = [...RUN, ...crowd, '--target', 'none', '--max-commits', '5', '--json'];
    const demo = startCommand(cleanup, 'demo', flags);
    demo.stopReading();
    expect(await demo.ended).toBe(0);
    const wrong = startCommand(cleanup, 'demo', ['--lr', 'x']);
    wrong.stopReading();
    expect(await wrong.ended).toBe(2);
  });
});

describe('a command that is asked to end a second time', () => {
  it.skipIf(process.platform === 'win32')('[EX3] ends at once though a save hangs, and says so', async () => {
    const { server } = await serverAtWork([]);
    const files = childrenOf(server).find(({ command }) => command.includes('fileProcess'));
    if (files === undefined) throw new Error('no process writes its files');
    process.kill(files.pid, 'SIGSTOP');
    cleanup.add(() => {
      try {
        process.kill(files.pid, 'SIGKILL');
      } catch {
        // It went with the server.
      }
    });
    // One that comes within half a second is the same press.
    const presses = setInterval(() => server.signal('SIGINT'), AGAIN_MS);
    const ended = await server.ended.finally(() => clearInterval(presses));
    expect(ended).toBe('SIGINT');
    expect(server.lines.at(-1)).toBe(
      'Ended at once by a second signal, SIGINT: what was not kept by now is lost.',
    );
  });
});
