import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { EVENTS } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { serveAdmin } from './adminGateway.ts';
import { ask, next, RealSockets } from './testing/realSockets.ts';

let sockets: RealSockets;
beforeEach(async () => void (sockets = await RealSockets.open()));
afterEach(() => sockets.close());

/** The admin's namespace under a virtual clock; its snapshots are numbered. */
function serving() {
  const clock = new VirtualClock();
  const shown: (string | undefined)[] = [];
  let sequence = 0;
  serveAdmin(sockets.of(NAMESPACES.admin), {
    clock,
    admits: (cookies) => {
      shown.push(cookies);
      return cookies === 'tabswarm-admin=right';
    },
    snapshot: () => ({ sequence: ++sequence }) as AdminSnapshot,
    failed: () => expect.fail('nothing fails'),
  });
  const connect = (cookie?: string) =>
    sockets.socket(NAMESPACES.admin, cookie === undefined ? {} : { extraHeaders: { cookie } });
  return { clock, shown, connect, taken: () => sequence };
}
type Socket = ReturnType<RealSockets['socket']>;
const snapshot = (socket: Socket) => next<{ sequence: number }>(socket, EVENTS.snapshot);

describe("the admin's socket", () => {
  it.each([undefined, 'tabswarm-admin=wrong'])('[AD1] is refused with the cookie %s', async (cookie) => {
    const { connect, shown, taken } = serving();
    expect((await next<Error>(connect(cookie), 'connect_error')).message).toBe('UNAUTHORIZED');
    expect([shown, taken()]).toEqual([[cookie], 0]);
  });

  it('[AD3] is shown the run at once, then twice a second', async () => {
    const { clock, connect, taken } = serving();
    const socket = connect('tabswarm-admin=right');
    expect(await snapshot(socket)).toEqual({ sequence: 1 });
    clock.advance(499);
    expect(taken()).toBe(1);
    const second = snapshot(socket);
    clock.advance(1);
    expect(await second).toEqual({ sequence: 2 });
    const third = snapshot(socket);
    clock.advance(500);
    expect(await third).toEqual({ sequence: 3 });
  });

  it('[AD3] is shown the run with those that are there already, and no more often for that', async () => {
    const { clock, connect, taken } = serving();
    const first = connect('tabswarm-admin=right');
    await snapshot(first);
    const again = snapshot(first);
    const second = snapshot(connect('tabswarm-admin=right'));
    expect([await again, await second]).toEqual([{ sequence: 2 }, { sequence: 2 }]);
    clock.advance(500);
    expect(taken()).toBe(3);
  });

  it('takes no snapshots that nobody sees', async () => {
    const { clock, connect, taken } = serving();
    const socket = connect('tabswarm-admin=right');
    await snapshot(socket);
    socket.disconnect();
    await expect.poll(() => sockets.of(NAMESPACES.admin).sockets.size).toBe(0);
    clock.advance(60_000);
    expect(taken()).toBe(1);
    await snapshot(connect('tabswarm-admin=right'));
    expect(taken()).toBe(2);
  });

  it('[PR1] answers whatever is asked', async () => {
    const { connect } = serving();
    expect(await ask(connect('tabswarm-admin=right'), 'stop', {})).toEqual({
      outcome: 'MALFORMED',
      reason: 'unknown event',
    });
  });
});
