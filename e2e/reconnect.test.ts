import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* A real device whose network drops every connection, and comes back at once. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const TIMES = 3;

/** Passes connections on to a server, until they are cut. */
async function openLine(server: string) {
  const open = new Set<Socket>();
  let opened = 0;
  const line = createServer((device) => {
    opened++;
    const far = connect(Number(new URL(server).port), '127.0.0.1');
    for (const end of [device, far]) {
      open.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        open.delete(end);
        device.destroy();
        far.destroy();
      });
    }
    device.pipe(far).pipe(device);
  }).listen(0, '127.0.0.1');
  await once(line, 'listening');
  const cut = () => {
    for (const end of open) end.destroy();
  };
  cleanup.add(() => {
    cut();
    line.close();
  });
  const { port } = line.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, cut, opened: () => opened };
}

it('[TR2] a device whose connections are lost at work joins again and trains on, by one new connection', async () => {
  const server = await startServer(cleanup, ['--model', 'ray-convnet', '--evaluate-every', '0']);
  const line = await openLine(server.url);
  const { coordinator } = server.training;
  startScriptedWorker(cleanup, line.url);
  for (let time = 0; time < TIMES; time++) {
    const { version } = coordinator;
    await expect.poll(() => coordinator.version, PATIENCE).toBeGreaterThan(version + 3);
    const before = line.opened();
    line.cut();
    const lost = coordinator.version;
    await expect.poll(() => coordinator.version, PATIENCE).toBeGreaterThan(lost + 3);
    // The socket; what it downloads by has connections of its own.
    expect(line.opened() - before).toBeLessThanOrEqual(2);
  }
  expect(server.snapshot().devices).toHaveLength(1);
});
