import { startNodeWorkers } from '../../client/node/workers.ts';
import { findChromium, NoBrowserError } from '../../e2e/swarm/chromium.ts';
import { isSelfSigned } from '../../e2e/swarm/certificate.ts';
import { openTabs } from '../../e2e/swarm/launch.ts';
import type { Config } from './config.ts';

/** What a demo trains with, found before anything is started. */
export interface CrowdPlan {
  tabs: number;
  tabWorkers: number;
  nodeWorkers: number;
  /** The browser; null where no tab is to be opened. */
  executablePath: string | null;
}

/** Those that train in a demo. */
export interface Crowd {
  /** Resolves when they were closed, or when nobody is left. */
  ended: Promise<'closed' | 'died'>;
  close(): Promise<void>;
}

/**
 * Finds the browser where tabs are asked for; where none can be had, as many workers without one take their place.
 * @throws {NoBrowserError} where the browser that was named is none.
 */
export async function planCrowd(
  { tabs, tabWorkers, nodeWorkers, chromium }: Config,
  note: (line: string) => void,
): Promise<CrowdPlan> {
  if (tabs === 0) return { tabs, tabWorkers, nodeWorkers, executablePath: null };
  try {
    const { executablePath } = await findChromium(chromium);
    return { tabs, tabWorkers, nodeWorkers, executablePath };
  } catch (error) {
    if (!(error instanceof NoBrowserError) || chromium !== null) throw error;
    note(`${error.message} Training on ${tabs + nodeWorkers} workers without a browser instead.`);
    return { tabs: 0, tabWorkers, nodeWorkers: tabs + nodeWorkers, executablePath: null };
  }
}

/** Starts everyone of a plan on the server. */
export async function startCrowd(
  { tabs, tabWorkers, nodeWorkers, executablePath }: CrowdPlan,
  {
    url,
    engine,
    join,
    log,
  }: { url: string; engine: Config['engine']; join: string; log: (line: string) => void },
): Promise<Crowd> {
  const groups: Crowd[] = [];
  if (nodeWorkers > 0) {
    const server = new URL(url);
    const selfSigned = await isSelfSigned(server);
    const workers = { server: server.origin, join, workers: nodeWorkers, selfSigned, log };
    groups.push(startNodeWorkers(workers));
  }
  if (executablePath !== null)
    groups.push(await openTabs({ url, tabs, tabWorkers, engine, executablePath, log }));
  return {
    ended: Promise.all(groups.map(({ ended }) => ended)).then((ends) =>
      ends.includes('died') ? 'died' : 'closed',
    ),
    async close() {
      await Promise.all(groups.map((group) => group.close()));
    },
  };
}
