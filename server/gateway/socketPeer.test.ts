import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVENTS } from '../../shared/protocol/messages.ts';
import type { Handler } from './peer.ts';
import { answerRequests, closeSocket, peerOf } from './socketPeer.ts';
import { ask, next, RealSockets } from './testing/realSockets.ts';

const ok: Handler = (_args, reply) => reply({ outcome: 'OK' });
const echo: Handler = (args, reply) => reply({ outcome: 'OK', args });

describe('what a real socket sends', () => {
  let sockets: RealSockets;
  beforeEach(async () => void (sockets = await RealSockets.open()));
  afterEach(() => sockets.close());

  /** A namespace that answers by the handlers, and the server's ends of the sockets that came to it. */
  function answering(namespace: string, handlers: Record<string, Handler>, maxInFlight = 8) {
    const failures: unknown[] = [];
    const ends: Socket[] = [];
    sockets.of(namespace).on('connection', (socket) => {
      ends.push(socket);
      answerRequests(socket, handlers, (error) => failures.push(error), maxInFlight);
    });
    return { failures, ends };
  }

  it('[PR1] is answered by its acknowledgement, or by an event where it asks for none', async () => {
    answering('/a', { echo });
    const socket = sockets.socket('/a');
    expect(await ask(socket, 'echo', { mine: 1 }, 'more')).toEqual({
      outcome: 'OK',
      args: [{ mine: 1 }, 'more'],
    });
    const answer = next(socket, EVENTS.answer);
    socket.emit('echo', 7);
    expect(await answer).toEqual({ outcome: 'OK', args: [7] });
  });

  it.each(['__proto__', 'constructor', 'toString', 'message', 'error', ''])(
    '[PR4] the event %j has no meaning of its own',
    async (event) => {
      const { failures } = answering('/a', { ok });
      const socket = sockets.socket('/a');
      expect(await ask(socket, event, {})).toEqual({ outcome: 'MALFORMED', reason: 'unknown event' });
      expect(await ask(socket, 'ok')).toEqual({ outcome: 'OK' });
      expect(failures).toEqual([]);
    },
  );

  it('[PR7] is counted unanswered by each socket for itself', async () => {
    const held: (() => void)[] = [];
    const hold: Handler = (_args, reply) => void held.push(() => reply({ outcome: 'OK' }));
    answering('/a', { hold }, 2);
    const socket = sockets.socket('/a');
    const waiting = [ask(socket, 'hold'), ask(socket, 'hold')];
    expect(await ask(socket, 'hold')).toMatchObject({ outcome: 'BUSY' });
    const other = ask(sockets.socket('/a'), 'hold');
    await expect.poll(() => held.length).toBe(3);
    for (const answer of held) answer();
    expect(await Promise.all([...waiting, other])).toEqual([
      { outcome: 'OK' },
      { outcome: 'OK' },
      { outcome: 'OK' },
    ]);
  });

  it('[PR11] counts its faults over all namespaces of a connection, closes them all, and no other', async () => {
    answering('/a', { ok });
    answering('/b', { ok });
    const one = sockets.socket('/a');
    const beside = sockets.socket('/b', {}, one);
    const bystander = sockets.socket('/b');
    for (let fault = 0; fault < 10; fault++) await ask(one, 'x');
    for (let fault = 0; fault < 9; fault++) await ask(beside, 'x');
    expect(await ask(beside, 'ok')).toEqual({ outcome: 'OK' });
    const closing = next(beside, EVENTS.closing);
    const closed = [next(one, 'disconnect'), next(beside, 'disconnect')];
    expect(await ask(beside, 'x')).toMatchObject({ outcome: 'MALFORMED' });
    expect(await closing).toEqual({
      outcome: 'TOO_MANY_FAULTS',
      reason: '20 messages could not be read',
    });
    await Promise.all(closed);
    expect(await ask(bystander, 'ok')).toEqual({ outcome: 'OK' });
  });

  it('[PR11] that came in behind what closed its connection is not handled', async () => {
    let handled = 0;
    const count: Handler = (_args, reply) => {
      handled++;
      reply({ outcome: 'OK' });
    };
    const full: Handler = (_args, reply) => reply({ outcome: 'FULL' });
    answering('/a', { full, count });
    const socket = sockets.socket('/a');
    await ask(socket, 'count');
    const closed = next(socket, 'disconnect');
    socket.emit('full');
    for (let sent = 0; sent < 5; sent++) socket.emit('count');
    await closed;
    expect(handled).toBe(1);
  });

  it('[PR1] is told why when its connection is closed', async () => {
    const { ends } = answering('/a', { ok });
    const socket = sockets.socket('/a');
    await ask(socket, 'ok');
    const closing = next(socket, EVENTS.closing);
    const closed = next(socket, 'disconnect');
    for (const end of ends) closeSocket(end, 'REPLACED', 'this device joined again');
    expect(await closing).toEqual({ outcome: 'REPLACED', reason: 'this device joined again' });
    expect(await closed).toBe('io server disconnect');
  });
});

describe('a peer that does not read', () => {
  /** The server's end of a socket, whose packets a test counts by hand. */
  function unread() {
    const conn = Object.assign(new EventEmitter(), { request: { socket: new EventEmitter() } });
    const said: unknown[][] = [];
    const socket = {
      conn,
      emit: (...args: unknown[]) => said.push(args),
      disconnect: (all: boolean) => said.push(['disconnect', all]),
    } as unknown as Socket;
    return { socket, conn, said };
  }

  it('[TR14] is behind beyond 256 packets, and no more once they are gone', () => {
    const { socket, conn } = unread();
    const peer = peerOf(socket);
    for (let packet = 0; packet < 256; packet++) conn.emit('packetCreate');
    expect(peer.behind()).toBe(false);
    conn.emit('packetCreate');
    expect(peer.behind()).toBe(true);
    conn.emit('drain');
    expect(peer.behind()).toBe(false);
  });

  it('[PR4] is the same peer in each of its namespaces', () => {
    const { socket, conn, said } = unread();
    const beside = { conn } as unknown as Socket;
    const peer = peerOf(socket);
    expect(peerOf(beside).tally).toBe(peer.tally);
    expect(conn.listenerCount('packetCreate')).toBe(1);
    expect(peerOf(unread().socket).tally).not.toBe(peer.tally);
    peer.close('TOO_SLOW', 'answers are not read');
    expect(said).toEqual([
      ['closing', { outcome: 'TOO_SLOW', reason: 'answers are not read' }],
      ['disconnect', true],
    ]);
  });
});
