import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../client/transport/connection.ts';
import { encodePack } from '../shared/protocol/pack.ts';
import { EVENTS, type Lease } from '../shared/protocol/messages.ts';
import { createGenerator } from '../shared/random/generator.ts';
import { thorough } from '../shared/testing/thorough.ts';
import { startProgram, type CommandProcess } from './support/commandProcess.ts';
import {
  KILL_MOMENTS,
  newestStart,
  wrongRows,
  readLedger,
  readRows,
  type RowMap,
  type Start,
} from './support/ledger.ts';
import { ask, frameHeaderOf, joinRaw, type RawDevice } from './support/rawClient.ts';
import { createScriptedEngine, startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, temporaryFolder } from './support/testServer.ts';

/* A server that is killed again and again while devices train, and started again each time. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const KILLS = thorough ? 60 : 3;
const SEED = Number(process.env['TABSWARM_KILL_SEED'] ?? 1);
const LIFE_MS = 30_000;
const DEVICES = 3;
/** A start takes some forty operations of the store, and a save ten: kills at one of the first hundred fall into both. */
const OPERATIONS = 100;
const UPDATES = 150;
/** Named at the first start alone. */
const RUN = ['--mode', 'async', '--evaluate-every', '50', '--checkpoint-seconds', '0.5'];
const PATIENCE = { timeout: 20_000 };

/** What devices were told, over all lives of the server. */
interface Told {
  /** Versions that an update made, by incarnation. */
  applied: Map<string, number[]>;
}

/** A connection whose pushes are noted. */
const noting =
  ({ applied }: Told) =>
  (connection: Connection): Connection => ({
    ...connection,
    joinHosts: async (welcome, run) =>
      (await connection.joinHosts(welcome, run)).map((host) => ({
        ...host,
        push: async (terms, slices) => {
          const answer = await host.push(terms, slices);
          if (answer.outcome === 'APPLIED' && answer.weights !== null) {
            const versions = applied.get(run.incarnation) ?? [];
            applied.set(run.incarnation, [...versions, answer.weights.version]);
          }
          return answer;
        },
      })),
  });

/** A device that holds a lease when its server is killed. */
interface Leaseholder {
  device: RawDevice;
  lease: Lease;
}

async function hold(url: string, before: Leaseholder | null): Promise<Leaseholder> {
  const resume = before === null ? undefined : before.device.welcome;
  const device = await joinRaw(cleanup, url, resume && { device: resume.device, token: resume.token });
  return { device, lease: await device.lease() };
}

/** The outcome of an update under a lease of a life before, pushed by the device that has it. */
async function pushLate({ device, lease }: Leaseholder, now: RawDevice): Promise<unknown> {
  const header = frameHeaderOf(lease, device.run, 0);
  const pack = encodePack([{ header, values: new Float32Array(header.length).fill(0.01) }]);
  return (await ask(now.host(), EVENTS.push, lease.terms, pack))['outcome'];
}

/** Takes a new lease, after an update under the earlier one was pushed, by the device that has it. */
async function relieve(url: string, before: Leaseholder | null): Promise<Leaseholder> {
  const now = await hold(url, before);
  if (before !== null) expect(await pushLate(before, now.device)).toBe('UNKNOWN_LEASE');
  return now;
}

function sentenceOf({ run, version }: Start): string {
  return `Going on with run ${run} from ${version === null ? 'its beginning' : `version ${version}`}`;
}

/** Every incarnation, the present one too, gave out each version once, above the one that it began with. */
function expectOwnVersions({ applied }: Told, earlier: ReadonlySet<string>, start: number): void {
  for (const [incarnation, versions] of applied) {
    expect(new Set(versions).size).toBe(versions.length);
    if (!earlier.has(incarnation)) expect(Math.min(...versions)).toBeGreaterThan(start);
  }
  expect(applied.size - earlier.size).toBeLessThanOrEqual(1);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What comes of something that the server is needed for; null where it is killed before. */
function whileAlive<T>(server: CommandProcess, done: Promise<T>): Promise<T | null> {
  return Promise.race([done, server.ended.then(() => null)]);
}

describe(`a server that is killed ${KILLS} times (TABSWARM_KILL_SEED=${SEED})`, () => {
  it(
    '[ST21] [ST22] [ST23] goes on each time where it was, with all that was confirmed, and applies nothing twice',
    async () => {
      const random = createGenerator(SEED);
      const folder = await temporaryFolder(cleanup);
      const url = `http://127.0.0.1:${await freePort()}`;
      const told: Told = { applied: new Map() };
      const count = () => [...told.applied.values()].flat().length;
      const states = Array.from({ length: DEVICES }, () => 'connecting');
      states.forEach((_, device) => {
        const events = { state: (state: string) => void (states[device] = state) };
        startScriptedWorker(cleanup, url, events, createScriptedEngine(), noting(told));
      });

      let rows: RowMap = new Map();
      let holder: Leaseholder | null = null;
      for (let life = 0; life <= KILLS; life++) {
        const start = await newestStart(folder, rows);
        const earlier = new Set(told.applied.keys());
        const updates = count() + 1 + random.below(UPDATES);
        // In its first life a run has to come into the store; the last one ends in order.
        const isWhole = life === 0 || life === KILLS;
        const kill = `${random.below(OPERATIONS)} ${KILL_MOMENTS[random.below(KILL_MOMENTS.length)] ?? ''}`;
        const place = ['--data-dir', folder, '--host', '127.0.0.1', '--port', new URL(url).port];
        const ledger = join(folder, `ledger-${life}`);
        const server = startProgram(
          cleanup,
          'e2e/support/killedServer.ts',
          life === 0 ? [...RUN, ...place] : place,
          { TABSWARM_LEDGER: ledger, TABSWARM_KILL: isWhole ? '' : kill, TABSWARM_AUDIT_CPU: '0' },
        );

        const ready = await whileAlive(
          server,
          server.said(/commits/).catch(() => null),
        );
        if (ready !== null) {
          expect(server.lines.join('\n')).toContain(start === null ? '' : sentenceOf(start));
          holder = (await whileAlive(server, relieve(url, holder))) ?? holder;
        }
        await whileAlive(server, expect.poll(count, PATIENCE).toBeGreaterThanOrEqual(updates));
        server.signal(life === KILLS ? 'SIGTERM' : 'SIGKILL');
        expect(await server.ended).toBe(life === KILLS ? 0 : 'SIGKILL');

        // What was answered before the kill has then come in.
        await expect.poll(() => states, PATIENCE).toEqual(states.map(() => 'connecting'));
        expectOwnVersions(told, earlier, start?.version ?? 0);

        const asked = await readLedger(ledger);
        await expect.poll(() => asked.processes.filter(isThere), PATIENCE).toEqual([]);
        const found = await readRows(folder);
        expect(wrongRows(rows, asked, found)).toEqual([]);
        rows = found;
      }
      expect((await newestStart(folder, rows))?.version).toBeGreaterThanOrEqual(
        Math.max(...([...told.applied.values()].at(-1) ?? [])),
      );
    },
    KILLS * LIFE_MS + LIFE_MS,
  );
});
