import { describe, expect, it } from 'vitest';
import { TransportEnded } from './transport.ts';
import { connect, type AlternateTransport } from './connect.ts';
import { ConnectionLost, type CoordinatorClient, type CoordinatorEvents } from './connection.ts';
import { replyOf, ScriptedTransport, TERMS, WELCOMED, runAt } from './testing/scriptedTransport.ts';

const VALUES = new Float32Array(256);
const OK = replyOf({ outcome: 'OK' });

/** A alternate transport that a test opens and cuts by hand. */
class ScriptedAlternate implements AlternateTransport {
  readonly channel = new ScriptedTransport('webrtc', () => this.says());
  says = () => Promise.resolve(OK);
  transport: ScriptedTransport | null = null;
  begun = 0;
  closed = 0;
  tried: () => void = () => undefined;

  open(): Promise<void> {
    this.begun++;
    return new Promise((resolve) => (this.tried = resolve));
  }

  close(): void {
    this.closed++;
  }
}

/** A connection whose sockets and alternate transports are scripted; each host has ones of its own. */
function connected({ wanted = false }: { wanted?: boolean } = {}) {
  const calls: string[] = [];
  const sockets: ScriptedTransport[] = [];
  const found: ScriptedAlternate[] = [];
  const opened: string[] = [];
  const searches: unknown[][] = [];
  let inner: CoordinatorEvents | undefined;
  const events: CoordinatorEvents = {
    connected: () => calls.push('connected'),
    disconnected: () => calls.push('disconnected'),
    run: () => calls.push('run'),
    lease: () => calls.push('lease'),
    status: () => calls.push('status'),
    reserve: () => calls.push('reserve'),
    closing: () => calls.push('closing'),
    garbled: () => calls.push('garbled'),
  };
  const coordinator = {} as CoordinatorClient;
  const connection = connect(
    (given) => {
      inner = given;
      return {
        coordinator,
        openHost: (url) => {
          opened.push(url);
          const socket = new ScriptedTransport('socketio', () => OK);
          sockets.push(socket);
          return socket;
        },
        restart: () => calls.push('restart'),
        close: () => calls.push('close'),
      };
    },
    events,
    (...asked) => {
      searches.push(asked);
      const alternate = new ScriptedAlternate();
      found.push(alternate);
      return { alternate, wanted };
    },
  );
  const socketAt = (host: number) => sockets[host] ?? expect.fail('no such connection');
  const alternateAt = (host: number) => found[host] ?? expect.fail('no such alternate transport');
  const lose = () => inner?.disconnected();
  return { connection, coordinator, calls, searches, opened, socketAt, alternateAt, lose };
}

/** The client of the only shard host of a run. */
async function joinOne({ connection }: ReturnType<typeof connected>) {
  const [shard] = await connection.joinHosts(WELCOMED, runAt(['']));
  return shard ?? expect.fail('no shard');
}

const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

describe('a connection and its alternate transports', () => {
  it('[TR2] asks by the socket until an alternate transport can be used, by that while it can, then by the socket again', async () => {
    const world = connected();
    const shard = await joinOne(world);
    const socket = world.socketAt(0);
    const alternate = world.alternateAt(0);
    await shard.pull(1);
    alternate.transport = alternate.channel;
    await shard.pull(2);
    alternate.transport = null;
    await shard.pull(3);
    const versions = ({ asked }: ScriptedTransport) => asked.map(({ body }) => body);
    expect(versions(socket)).toMatchObject([{ version: 1 }, { version: 3 }]);
    expect(versions(alternate.channel)).toMatchObject([{ version: 2 }]);
  });

  it('[TR2] [TR7] asks by the socket again what an alternate transport left unanswered', async () => {
    const world = connected();
    const shard = await joinOne(world);
    const alternate = world.alternateAt(0);
    alternate.transport = alternate.channel;
    alternate.says = () => Promise.reject(new TransportEnded('cut'));
    expect(await shard.push(TERMS, [VALUES])).toMatchObject({ outcome: 'OK' });
    expect([alternate.channel.asked.length, world.socketAt(0).asked.length]).toEqual([1, 1]);
  });

  it('finds alternate transports by the welcome and the socket of the host', async () => {
    const world = connected();
    await joinOne(world);
    expect(world.searches).toEqual([[WELCOMED.dataChannels, world.socketAt(0)]]);
    expect(world.connection.coordinator).toBe(world.coordinator);
  });

  it('[TR17] has one socket and one alternate transport to each shard host, whichever and however many runs are there', async () => {
    const world = connected();
    const run = runAt(['https://b', 'https://a', 'https://b']);
    const hosts = await world.connection.joinHosts(WELCOMED, run);
    expect(hosts.map(({ places }) => places.map(({ index }) => index))).toEqual([[0, 2], [1]]);
    const other = { ...run, incarnation: '00000001' };
    const others = await world.connection.joinHosts(WELCOMED, other);
    expect(world.opened).toEqual(['https://b', 'https://a']);
    world.alternateAt(1).transport = world.alternateAt(1).channel;
    for (const host of [...hosts, ...others]) await host.pull(1);
    const asked = ({ asked: requests }: ScriptedTransport) => requests.map(({ body }) => body);
    const pulls = [run, other].map(({ incarnation }) => ({ incarnation, version: 1 }));
    expect(asked(world.socketAt(0))).toEqual(pulls);
    expect(asked(world.alternateAt(1).channel)).toEqual(pulls);
    expect(asked(world.socketAt(1))).toEqual([]);
  });

  it('[TR2] opens an alternate transport that is not asked for once a push was answered, and once only', async () => {
    const world = connected();
    const shard = await joinOne(world);
    await shard.pull(1);
    expect(world.alternateAt(0).begun).toBe(0);
    await shard.push(TERMS, [VALUES]);
    await shard.push(TERMS, [VALUES]);
    expect(world.alternateAt(0).begun).toBe(1);
  });

  it('[TR2] waits for the first try of one that is asked for, and does not open it again after a push', async () => {
    const world = connected({ wanted: true });
    let joined = false;
    const joining = joinOne(world).finally(() => (joined = true));
    await settled();
    expect([world.alternateAt(0).begun, joined]).toEqual([1, false]);
    world.alternateAt(0).tried();
    await (await joining).push(TERMS, [VALUES]);
    expect(world.alternateAt(0).begun).toBe(1);
  });

  it('[TR2] does not hold up a push that was answered for the alternate transport that it opens', async () => {
    const world = connected();
    const shard = await joinOne(world);
    expect(await shard.push(TERMS, [VALUES])).toMatchObject({ outcome: 'OK' });
    expect(world.alternateAt(0).begun).toBe(1);
  });

  it('trains by the socket alone where no alternate transports are given', async () => {
    const socket = new ScriptedTransport('socketio', () => OK);
    const events = {} as CoordinatorEvents;
    const bare = {
      coordinator: {} as CoordinatorClient,
      openHost: () => socket,
      restart: () => undefined,
      close: () => undefined,
    };
    const [shard] = await connect(() => bare, events).joinHosts(WELCOMED, runAt(['']));
    expect(await shard?.push(TERMS, [VALUES])).toMatchObject({ outcome: 'OK' });
    expect(socket.asked).toHaveLength(1);
  });
});

describe('a connection that is over', () => {
  type Over = [string, (world: ReturnType<typeof connected>) => unknown, string[]];
  const ways: Over[] = [
    ['lost', ({ lose }) => lose(), ['disconnected']],
    ['started again', ({ connection }) => connection.restart(), ['restart']],
    ['closed', ({ connection }) => connection.close(), ['close']],
  ];

  it.each(ways)('[TR2] and was %s sends nothing any more', async (_name, end, calls) => {
    const world = connected();
    const shard = await joinOne(world);
    const alternate = world.alternateAt(0);
    alternate.transport = alternate.channel;
    await end(world);
    await expect(shard.push(TERMS, [VALUES])).rejects.toThrow(ConnectionLost);
    expect([world.socketAt(0).asked, alternate.channel.asked]).toEqual([[], []]);
    expect([alternate.closed, alternate.begun]).toEqual([1, 0]);
    expect(world.calls).toEqual(calls);
  });

  it.each(ways)(
    '[TR2] and was %s while a push was on its way opens no alternate transport',
    async (_name, end) => {
      const world = connected();
      const shard = await joinOne(world);
      const alternate = world.alternateAt(0);
      let answer: () => void = () => undefined;
      alternate.transport = alternate.channel;
      alternate.says = () => new Promise((resolve) => (answer = () => resolve(OK)));
      const pushing = shard.push(TERMS, [VALUES]);
      await end(world);
      answer();
      expect(await pushing).toMatchObject({ outcome: 'OK' });
      expect(alternate.begun).toBe(0);
    },
  );

  it('[TR2] leaves the one that follows with transports of its own', async () => {
    const world = connected();
    await joinOne(world);
    world.lose();
    const shard = await joinOne(world);
    await shard.push(TERMS, [VALUES]);
    expect(world.socketAt(1).asked).toHaveLength(1);
    expect([world.alternateAt(1).begun, world.alternateAt(1).closed]).toEqual([1, 0]);
  });

  it('closes each alternate transport once, however often it ends', async () => {
    const world = connected();
    await joinOne(world);
    world.lose();
    world.lose();
    world.connection.close();
    expect(world.alternateAt(0).closed).toBe(1);
    expect(world.calls).toEqual(['disconnected', 'disconnected', 'close']);
  });
});
