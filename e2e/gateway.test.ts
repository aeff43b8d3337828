import { UNKNOWN_CONDITIONS } from '../shared/profile/profile.ts';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../server/core/testing/virtualClock.ts';
import { encodePack } from '../shared/protocol/pack.ts';
import { EVENTS } from '../shared/protocol/messages.ts';
import { NAMESPACES } from '../shared/protocol/version.ts';
import { ask, frameHeaderOf, joinRaw, next, rawSocket } from './support/rawClient.ts';
import { politeHello, startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const server = (...argv: string[]) => startServer(cleanup, ['--evaluate-every', '0', ...argv]);
const ENGINE = {
  engine: { name: 'scripted', detail: 'test', software: false },
  trials: [],
  workers: 1,
  conditions: UNKNOWN_CONDITIONS,
};

describe('joining', () => {
  it('[PR2] a peer of another protocol version is answered WRONG_PROTOCOL and closed', async () => {
    const { url } = await server();
    const socket = rawSocket(cleanup, url, NAMESPACES.coordinator);
    const closed = next<string>(socket, 'disconnect');
    expect(await ask(socket, EVENTS.hello, { ...politeHello(), protocol: 999 })).toMatchObject({
      outcome: 'WRONG_PROTOCOL',
    });
    expect(await closed).toBe('io server disconnect');
  });

  it('[PR3] before hello, ready, release and leave are answered NOT_JOINED', async () => {
    const { url } = await server();
    const socket = rawSocket(cleanup, url, NAMESPACES.coordinator);
    for (const event of [EVENTS.ready, EVENTS.release, EVENTS.leave]) {
      expect(await ask(socket, event, {})).toMatchObject({ outcome: 'NOT_JOINED' });
    }
  });

  it('[AU3] hello without the credential is answered REFUSED, with it OK', async () => {
    const { url } = await server('--join', 'open sesame');
    const stranger = rawSocket(cleanup, url, NAMESPACES.coordinator);
    expect(await ask(stranger, EVENTS.hello, politeHello())).toMatchObject({ outcome: 'REFUSED' });
    const friend = rawSocket(cleanup, url, NAMESPACES.coordinator);
    const answer = await ask(friend, EVENTS.hello, politeHello({ join: 'open sesame' }));
    expect(answer).toMatchObject({ outcome: 'OK' });
  });

  it('[AU1] a shard host is closed to a device without its access token', async () => {
    const { url } = await server();
    const { welcome, run } = await joinRaw(cleanup, url);
    for (const auth of [
      {},
      { device: welcome.device, accessToken: '0'.repeat(32) },
      { device: '0'.repeat(12), accessToken: run.hosts[0]?.accessToken },
    ]) {
      const socket = rawSocket(cleanup, url, NAMESPACES.shards, { auth });
      expect((await next<Error>(socket, 'connect_error')).message).toBe('NOT_JOINED');
    }
  });

  it('[AU2] [AU4] a device that joins again with its token keeps its id and ends its earlier connection', async () => {
    const { url } = await server();
    const { coordinator, welcome } = await joinRaw(cleanup, url);
    const closing = next(coordinator, EVENTS.closing);
    const again = rawSocket(cleanup, url, NAMESPACES.coordinator);
    const resume = { device: welcome.device, token: welcome.token };
    expect(await ask(again, EVENTS.hello, politeHello({ resume }))).toMatchObject({ device: welcome.device });
    expect(await closing).toMatchObject({ outcome: 'REPLACED' });
    const impostor = rawSocket(cleanup, url, NAMESPACES.coordinator);
    const forged = { device: welcome.device, token: '0'.repeat(32) };
    const answer = await ask(impostor, EVENTS.hello, politeHello({ resume: forged }));
    expect(answer['outcome']).toBe('OK');
    expect(answer['device']).not.toBe(welcome.device);
  });
});

describe('messages that cannot be read', () => {
  it('[PR1] [PR4] [PR11] each is answered, the twentieth closes that connection alone', async () => {
    const { url } = await server();
    const bystander = await joinRaw(cleanup, url);
    const socket = rawSocket(cleanup, url, NAMESPACES.coordinator);
    const closing = next(socket, EVENTS.closing);
    for (let sent = 0; sent < 20; sent++) {
      expect(
        await ask(socket, sent % 2 === 0 ? 'no such event' : EVENTS.hello, { nonsense: sent }),
      ).toMatchObject({
        outcome: 'MALFORMED',
      });
    }
    expect(await closing).toMatchObject({ outcome: 'TOO_MANY_FAULTS' });
    expect(await ask(bystander.coordinator, EVENTS.ready, ENGINE)).toMatchObject({ outcome: 'OK' });
  });

  it('[PR1] a message that asks for no acknowledgement is answered by an event', async () => {
    const { url } = await server();
    const socket = rawSocket(cleanup, url, NAMESPACES.coordinator);
    const answer = next(socket, EVENTS.answer);
    socket.emit(EVENTS.ready, {});
    expect(await answer).toMatchObject({ outcome: 'NOT_JOINED' });
  });

  it('[PR6] a message above the limit closes the connection that it came by', async () => {
    const { url } = await server();
    const bystander = await joinRaw(cleanup, url);
    const socket = rawSocket(cleanup, url, NAMESPACES.coordinator);
    await next(socket, 'connect');
    const closed = next<string>(socket, 'disconnect');
    socket.emit(EVENTS.hello, new Uint8Array(17_000_000));
    expect(await closed).toMatch(/transport (close|error)/);
    expect(await ask(bystander.coordinator, EVENTS.ready, ENGINE)).toMatchObject({ outcome: 'OK' });
  });

  it('[PR13] a page of another origin cannot connect, one of the server itself can', async () => {
    const { url } = await server();
    const from = (origin: string) =>
      rawSocket(cleanup, url, NAMESPACES.coordinator, { extraHeaders: { origin } });
    await next(from('http://evil.example'), 'connect_error');
    await next(from(url), 'connect');
  });

  it('[PR7] [PR14] a 65th unanswered request to a shard is answered BUSY', async () => {
    const { url } = await server();
    const device = await joinRaw(cleanup, url);
    const shard = device.host();
    // Nobody decides on version 1: all of these wait.
    const waiting = Array.from({ length: 64 }, () =>
      ask(shard, EVENTS.pull, { incarnation: device.run.incarnation, version: 1 }),
    );
    expect(await ask(shard, EVENTS.pull, { incarnation: device.run.incarnation, version: 1 })).toMatchObject({
      outcome: 'BUSY',
    });
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject({ outcome: 'VERSION_GONE' });
  });
});

describe('updates', () => {
  it('[UP1] [UP2] a wrong range and a NaN under a live lease are answered by name and change nothing', async () => {
    const { url, hash } = await server();
    const before = await hash();
    const device = await joinRaw(cleanup, url);
    const shard = device.host();
    const first = await device.lease();
    const header = frameHeaderOf(first, device.run, 0);
    const short = encodePack([{ header: { ...header, length: 16 }, values: new Float32Array(16) }]);
    expect(await ask(shard, EVENTS.push, first.terms, short)).toMatchObject({ outcome: 'WRONG_SHAPE' });
    const second = await device.lease();
    const values = new Float32Array(header.length).fill(NaN);
    const poisoned = encodePack([{ header: frameHeaderOf(second, device.run, 0), values }]);
    expect(await ask(shard, EVENTS.push, second.terms, poisoned)).toMatchObject({ outcome: 'NOT_FINITE' });
    expect(await hash()).toBe(before);
  });

  it('[CM5] [LS3] [LS14] an applied push carries the weights of its version; the same again is a DUPLICATE', async () => {
    const { url, training } = await server();
    const device = await joinRaw(cleanup, url);
    const shard = device.host();
    const lease = await device.lease();
    const header = frameHeaderOf(lease, device.run, 0);
    const pack = encodePack([{ header, values: new Float32Array(header.length).fill(0.01) }]);
    const answer = await ask(shard, EVENTS.push, lease.terms, pack);
    expect(answer).toMatchObject({ outcome: 'APPLIED', version: 1 });
    expect(answer['weights']).toBeInstanceOf(Uint8Array);
    const again = await ask(shard, EVENTS.push, lease.terms, pack);
    // Whoever lost the first answer has the weights that went with it, too.
    expect(again).toMatchObject({ outcome: 'DUPLICATE', first: 'APPLIED', version: 1 });
    expect(again['weights']).toEqual(answer['weights']);
    expect(training.coordinator.version).toBe(1);
  });
});

describe('a connection that is closed for its faults', () => {
  it('[PR11] joins no more with what came in behind the last of them', async () => {
    const { url, training } = await server();
    for (let attempt = 0; attempt < 20; attempt++) {
      const socket = rawSocket(cleanup, url, NAMESPACES.coordinator);
      await next(socket, 'connect');
      const closed = next(socket, 'disconnect');
      // One burst: what is read with the twentieth fault is handed on after the connection is closed.
      for (let fault = 0; fault < 20; fault++) socket.emit('no such event');
      socket.emit(EVENTS.hello, politeHello());
      await closed;
    }
    const bystander = await joinRaw(cleanup, url);
    expect(training.snapshot().devices.map(({ device }) => device)).toEqual([bystander.welcome.device]);
  });
});

describe('closing', () => {
  it('a server closes though a client keeps a connection open', async () => {
    const { url, close } = await server();
    const { coordinator } = await joinRaw(cleanup, url);
    const halfSaid = connect(Number(new URL(url).port), '127.0.0.1');
    // Being cut off is what it is there for.
    halfSaid.on('error', () => halfSaid.destroy());
    await new Promise((written) => halfSaid.write('GET / HTTP/1.1\r\nhost: ', written));
    const gone = next(coordinator, 'disconnect');
    await close();
    await gone;
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe('silence', () => {
  it('[PR5] a socket that says no hello within ten seconds is closed, one that said it stays', async () => {
    const clock = new VirtualClock();
    const { url } = await startServer(cleanup, ['--evaluate-every', '0'], { clock });
    const polite = await joinRaw(cleanup, url);
    const silent = rawSocket(cleanup, url, NAMESPACES.coordinator);
    await next(silent, 'connect');
    const closing = next(silent, EVENTS.closing);
    clock.advance(10_000);
    expect(await closing).toMatchObject({ outcome: 'TOO_SLOW' });
    expect(await ask(polite.coordinator, EVENTS.ready, ENGINE)).toMatchObject({ outcome: 'OK' });
  });

  it('[LS2] over a real connection, a lease that is not done by its deadline answers EXPIRED', async () => {
    const clock = new VirtualClock();
    const flags = ['--evaluate-every', '0', '--lease-seconds', '7', '--placement', 'uniform'];
    const { url, training } = await startServer(cleanup, flags, { clock });
    const device = await joinRaw(cleanup, url);
    const shard = device.host();
    const lease = await device.lease();
    clock.advance(7000);
    const header = frameHeaderOf(lease, device.run, 0);
    const pack = encodePack([{ header, values: new Float32Array(header.length).fill(0.01) }]);
    expect(await ask(shard, EVENTS.push, lease.terms, pack)).toMatchObject({ outcome: 'EXPIRED' });
    expect(training.coordinator.version).toBe(0);
    const again = await device.lease();
    expect(again.unit).toEqual(lease.unit);
  });

  it('[PO15] [PO19] a lone stranger, whose updates are one voice, fills one buffer after another', async () => {
    const { url, training } = await server('--mode', 'buffered', '--max-commits', '3');
    startScriptedWorker(cleanup, url);
    await training.run.ended();
    expect(training.run.status()).toMatchObject({ version: 3, stop: 'max-commits' });
    expect(training.crowd.records()).toMatchObject([{ applied: 3, lost: 0 }]);
  });

  it('[PR12] a socket that connects and says nothing holds nobody up', async () => {
    const { url, training } = await server('--mode', 'sync', '--round-size', '2', '--max-commits', '10');
    for (const namespace of [NAMESPACES.coordinator, NAMESPACES.coordinator, '/nowhere'])
      rawSocket(cleanup, url, namespace);
    for (let worker = 0; worker < 2; worker++) startScriptedWorker(cleanup, url);
    await training.run.ended();
    expect(training.run.status()).toMatchObject({ version: 10, stop: 'max-commits' });
  });
});
