import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Cleanup } from './testServer.ts';

const EVERY_MS = 20;

/**
 * An address by which a server is reached over a line that lets so many bytes a second up, and anything down.
 * @returns its URL.
 */
export async function openSlowLine(
  cleanup: Cleanup,
  server: string,
  bytesPerSecond: number,
): Promise<string> {
  const { hostname, port } = new URL(server);
  const open = new Set<Socket>();
  const line = createServer((device) => {
    const far = connect(Number(port), hostname);
    for (const end of [device, far]) {
      open.add(end);
      end.on('error', () => end.destroy());
    }
    let waiting = Buffer.alloc(0);
    const timer = setInterval(() => {
      const least = Math.ceil((bytesPerSecond * EVERY_MS) / 1000);
      if (waiting.length > 0) far.write(waiting.subarray(0, least));
      waiting = waiting.subarray(least);
    }, EVERY_MS);
    device.on('data', (bytes: Buffer) => (waiting = Buffer.concat([waiting, bytes])));
    far.on('data', (bytes: Buffer) => device.write(bytes));
    device.on('close', () => {
      clearInterval(timer);
      far.destroy();
    });
    far.on('close', () => device.destroy());
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  cleanup.add(() => {
    for (const socket of open) socket.destroy();
    line.close();
  });
  return `http://127.0.0.1:${(line.address() as AddressInfo).port}`;
}
