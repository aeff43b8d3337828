import type { Socket } from 'socket.io-client';
import { encodePack } from '../../shared/protocol/pack.ts';
import { EVENTS, type SignedTerms } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { createGenerator, type Generator } from '../../shared/random/generator.ts';
import { joinRaw, next, rawSocket, type RawDevice } from './rawClient.ts';
import { Cleanup } from './testServer.ts';

/**
 * Sends malformed messages to a server, by a seeded mixture of kinds, connecting again whenever it is thrown
 * out, as a stranger and as a device that joined.
 */
export class Attacker {
  readonly #server: string;
  readonly #random: Generator;
  #sent = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(server: string, seed: number) {
    this.#server = server;
    this.#random = createGenerator(seed);
  }

  /** Resolves when that many messages have been sent. */
  until(count: number): Promise<void> {
    if (this.#sent >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** @returns how many messages were sent, and how many connections that took. */
  async send(count: number): Promise<{ sent: number; connections: number }> {
    let connections = 0;
    for (; this.#sent < count; connections++) {
      const cleanup = new Cleanup();
      const device = await joinRaw(cleanup, this.#server);
      const stranger = rawSocket(cleanup, this.#server, NAMESPACES.coordinator);
      await this.#burst([device.coordinator, device.host(), stranger], device, count);
      await cleanup.run();
    }
    return { sent: this.#sent, connections };
  }

  async #burst(sockets: Socket[], device: RawDevice, count: number): Promise<void> {
    for (const socket of sockets) if (!socket.connected) await next(socket, 'connect');
    const length = 1 + this.#random.below(200);
    for (
      let index = 0;
      index < length && this.#sent < count && sockets.every(({ connected }) => connected);
      index++
    ) {
      const socket = sockets[this.#random.below(sockets.length)];
      if (socket !== undefined) sendNonsense(socket, this.#random, device);
      this.#sent++;
      this.#tell();
      // The event loop turns, so that answers and closings arrive.
      if (index % 16 === 15) await new Promise(setImmediate);
    }
  }

  #tell(): void {
    const due = this.#waiting.filter(({ count }) => count <= this.#sent);
    this.#waiting = this.#waiting.filter(({ count }) => count > this.#sent);
    for (const { resolve } of due) resolve();
  }
}

const STRANGE: unknown[] = [
  null,
  undefined,
  0,
  -1,
  NaN,
  1e308,
  '',
  'x'.repeat(5000),
  [],
  {},
  [[]],
  true,
  { version: -1 },
];
const EVENT_NAMES = [...Object.values(EVENTS), 'error', 'constructor', '__proto__', 'no such event'];

function sendNonsense(socket: Socket, random: Generator, attacker: RawDevice): void {
  const event = EVENT_NAMES[random.below(EVENT_NAMES.length)] ?? 'push';
  const strange = () => STRANGE[random.below(STRANGE.length)];
  const terms = { lease: random.below(1000), device: attacker.welcome.device };
  switch (random.below(8)) {
    case 0:
      socket.emit('push', terms, randomBytes(random, random.below(400)));
      break;
    case 1:
      socket.emit(event, strange(), strange(), () => undefined);
      break;
    case 2:
      socket.emit('push', strange(), randomBytes(random, 48));
      break;
    case 3:
      socket.emit('push', terms, claimOf200Megabytes(), () => undefined);
      break;
    case 4:
      socket.emit(
        'pull',
        { incarnation: attacker.run.incarnation, version: random.below(1e9) },
        () => undefined,
      );
      break;
    case 5:
      socket.emit('push', forgedTerms(random, attacker), randomBytes(random, 64), () => undefined);
      break;
    case 6:
      socket.emit(
        'hello',
        { protocol: random.below(4), join: strange(), profile: strange() },
        () => undefined,
      );
      break;
    case 7:
      if (random.below(50) === 0) socket.emit(event, new Uint8Array(300_000));
      else socket.emit('release', { lease: random.below(1e6), reason: strange() }, () => undefined);
      break;
  }
}

/** Terms of the right shape with a MAC that nobody made. */
function forgedTerms(random: Generator, { welcome, run }: RawDevice): SignedTerms {
  const mac = Array.from(randomBytes(random, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return {
    lease: 1 + random.below(100),
    device: welcome.device,
    incarnation: run.incarnation,
    baseVersion: 0,
    kind: 'gradient',
    samples: 32,
    deadline: 0,
    codec: 'float32',
    mac,
  };
}

/** A header that promises far more than follows. */
function claimOf200Megabytes(): Uint8Array {
  const header = {
    kind: 'gradient' as const,
    codec: 'float32' as const,
    incarnation: 0,
    baseVersion: 0,
    lease: 1,
    shard: 0,
    offset: 0,
    length: 0,
    samples: 1,
  };
  const bytes = encodePack([{ header, values: new Float32Array(0) }]);
  const view = new DataView(bytes.buffer);
  const frame = 12;
  view.setUint32(frame + 28, 50_000_000, true);
  view.setUint32(frame + 36, 200_000_000, true);
  return bytes;
}

function randomBytes(random: Generator, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}
