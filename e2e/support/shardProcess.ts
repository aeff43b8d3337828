import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './testServer.ts';

export const SHARD_SECRET = 'a secret between a coordinator and its shards';

/** A shard in a process of its own, as `npm run shard` starts one. */
export interface ShardProcess {
  url: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a shard process on a free port and waits until it listens. */
export async function startShardProcess(cleanup: Cleanup): Promise<ShardProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/cli/shard.ts', '--port', '0'], {
    cwd: ROOT,
    env: { ...process.env, TABSWARM_SHARD_SECRET: SHARD_SECRET },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  cleanup.add(kill);
  for await (const line of createInterface({ input: child.stderr })) {
    const url = /^shard {2}(\S+)$/.exec(line)?.[1];
    // What it says later is not read, and must not fill the pipe.
    if (url !== undefined) {
      child.stderr.resume();
      return { url, kill };
    }
  }
  throw new Error('the shard process ended before it listened');
}
