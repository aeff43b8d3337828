import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import type { Serving } from '../../server/app/serve.ts';

const LOOK_EVERY_MS = 5;

/** Waits until the run is in some state. @throws {Error} that says what was waited for, when patience ends. */
async function until(
  server: Pick<Serving, 'snapshot'>,
  what: string,
  isSo: (snapshot: AdminSnapshot) => boolean,
  patienceMs: number,
): Promise<void> {
  const begun = performance.now();
  while (!isSo(server.snapshot())) {
    if (performance.now() - begun > patienceMs) throw new Error(`${what}: not within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/**
 * Stops a run while its devices are in the middle of a unit, and starts it again, as an admin does.
 * @returns milliseconds from the start until every device had an update applied.
 */
export async function stopAndStart({ training, snapshot }: Serving, patienceMs: number): Promise<number> {
  const isAtWork = ({ devices }: AdminSnapshot) =>
    devices.length > 0 && devices.every(({ state, applied }) => state === 'working' && applied > 0);
  await until({ snapshot }, 'every device at work', isAtWork, patienceMs);
  await training.run.stop('stopped');
  const before = new Map(snapshot().devices.map(({ device, applied }) => [device, applied]));
  const begun = performance.now();
  await training.run.start();
  const goesOn = ({ devices }: AdminSnapshot) =>
    devices.every(({ device, applied }) => applied > (before.get(device) ?? 0));
  await until({ snapshot }, 'every device trains again', goesOn, patienceMs);
  return performance.now() - begun;
}
