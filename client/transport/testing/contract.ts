import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../server/gateway/peer.ts';
import { NO_BYTES, TransportEnded, type Transport } from '../transport.ts';

/** A device that reaches a server by the transport under test. */
export interface ConnectedDevice {
  transport: Transport;
  /** Disappears without a message, in the middle of sending a large message. */
  vanish: () => Promise<void>;
  close: () => void;
}

/** A server that answers by the handlers, as a shard host, and how to come to it. */
export interface TransportWorld {
  /** @param chunkBytes of the chunks that messages are cut into, where the transport cuts them. */
  connect: (chunkBytes?: number) => Promise<ConnectedDevice>;
  /** Connects a program of its own, which asks for `large` ten times at once, then reads nothing any more. */
  connectStopped: () => Promise<void>;
  /** Devices that the server holds a connection of. */
  connected: () => number;
  /** Ends every connection, as a network would. */
  cut: () => void;
  close: () => Promise<void>;
}

export const LARGE_BYTES = 20_000_000;
const WITHIN_MS = 30_000;
/** A device that reads nothing is given up by then, whichever transport it came by. */
const STOPPED_MS = 60_000;
export const SLOW_MS = 90_000;
/** What the shard host is asked. */
const requestOf = (event: string, bytes: Uint8Array<ArrayBuffer> = NO_BYTES, body = {}) => ({
  event,
  body,
  bytes,
  withinMs: WITHIN_MS,
});

const random = (length: number) =>
  Uint8Array.from({ length }, (_, index) => (Math.imul(index, 2654435761) >>> 13) & 0xff);

type OpenWorld = (handlers: Record<string, Handler>) => Promise<TransportWorld>;

/** Gives back what it was given. */
const echo: Handler = ([body, bytes], reply) =>
  reply({ outcome: 'OK', reason: JSON.stringify(body), weights: bytes });

/** What every transport between a device and its shards must do [TR1] [TR2] [TR4]. */
export function transportContract(name: string, open: OpenWorld): void {
  describe(`a transport: ${name}`, () => {
    let world: TransportWorld | null = null;
    afterEach(async () => {
      await world?.close();
      world = null;
    });

    it('[TR1] carries messages of 20 MB both ways', async () => {
      world = await open({ echo });
      const { transport } = await world.connect();
      const bytes = random(LARGE_BYTES);
      const reply = await transport.request(requestOf('echo', bytes.slice()));
      expect(reply.answer).toEqual({ outcome: 'OK', reason: '{}' });
      expect(reply.bytes.length).toBe(bytes.length);
      expect(reply.bytes.every((byte, index) => byte === bytes[index])).toBe(true);
    });

    it('[TR3] carries messages whose chunks are single bytes', async () => {
      world = await open({ echo });
      const { transport } = await world.connect(1);
      const bytes = random(700);
      const reply = await transport.request(requestOf('echo', bytes.slice()));
      expect([...reply.bytes]).toEqual([...bytes]);
    });

    it('[TR1] gives each request its own answer, in whatever order they are answered', async () => {
      const held: (() => void)[] = [];
      const hold: Handler = ([body], reply) =>
        held.push(() => reply({ outcome: 'OK', reason: String((body as { mine: number }).mine) }));
      world = await open({ hold });
      const { transport } = await world.connect();
      const asked = Array.from({ length: 40 }, (_, mine) =>
        transport.request(requestOf('hold', NO_BYTES, { mine })),
      );
      await expect.poll(() => held.length).toBe(40);
      for (const answer of held.reverse()) answer();
      const answers = await Promise.all(asked);
      expect(answers.map(({ answer }) => Number(answer['reason']))).toEqual(asked.map((_, mine) => mine));
    });

    it('[TR1] answers what it does not know', async () => {
      world = await open({ echo });
      const { transport } = await world.connect();
      const { answer } = await transport.request(requestOf('constructor'));
      expect(answer).toMatchObject({ outcome: 'MALFORMED' });
    });

    it(
      '[TR4] a device that vanishes in the middle of a message is forgotten, and nothing of it is done',
      async () => {
        let done = 0;
        const count: Handler = (_args, reply) => {
          done++;
          reply({ outcome: 'OK' });
        };
        world = await open({ count });
        const { vanish } = await world.connect();
        await expect.poll(() => world?.connected()).toBe(1);
        await vanish();
        await expect.poll(() => world?.connected(), { timeout: STOPPED_MS }).toBe(0);
        const { transport } = await world.connect();
        await transport.request(requestOf('count'));
        expect(done).toBe(1);
      },
      SLOW_MS,
    );

    it('[TR2] what is unanswered when the connection is cut fails, and a new connection works', async () => {
      let asked = 0;
      const never: Handler = () => {
        asked++;
      };
      world = await open({ never, echo });
      const first = await world.connect();
      const waiting = first.transport.request(requestOf('never'));
      await expect.poll(() => asked).toBe(1);
      world.cut();
      await expect(waiting).rejects.toThrow(TransportEnded);
      const second = await world.connect();
      const { answer } = await second.transport.request(requestOf('echo'));
      expect(answer).toMatchObject({ outcome: 'OK' });
    });
  });
}

/** A device that reads nothing any more is given up, and affects no other device [TR4]. Takes nearly a minute. */
export async function givesUpWhoStopsReading(open: OpenWorld): Promise<void> {
  const large: Handler = (_args, reply) => reply({ outcome: 'OK', weights: random(4_000_000) });
  const world = await open({ large, echo });
  try {
    await world.connectStopped();
    const other = await world.connect();
    const { answer } = await other.transport.request(requestOf('echo'));
    expect(answer).toMatchObject({ outcome: 'OK' });
    other.close();
    await expect.poll(() => world.connected(), { timeout: STOPPED_MS }).toBe(0);
  } finally {
    await world.close();
  }
}
