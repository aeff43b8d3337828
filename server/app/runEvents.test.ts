import { expect, it } from 'vitest';
import { describeEvent, readEvent, type RunEvent } from '../../shared/protocol/events.ts';
import { World } from '../core/testing/world.ts';
import { RunEvents } from './runEvents.ts';

it('[TS10] another state of trust is an event that says of which device, who decided and why', async () => {
  const world = new World();
  const { clock } = world;
  const kept: RunEvent[] = [];
  const events = new RunEvents({
    clock,
    calendar: { today: () => new Date(clock.now()) },
    append: (more) => {
      kept.push(...more);
      return Promise.resolve();
    },
    log: (line) => expect.fail(line),
  });
  events.follow(world.crowd);
  const [device] = world.readyDevices(1);
  const id = device?.id ?? '';
  world.crowd.audited(id, 'right', 'it is what the unit gives');
  world.crowd.audited(id, 'wrong', 'its update is 1.4 times its own length off');
  world.crowd.bar(id, 'it sent noise', 'admin');
  world.crowd.pardon(id, 'an operator pardoned it', 'admin');
  await events.close(0);
  const trust = kept.filter(({ type }) => type === 'trust');
  expect(trust.map(({ actor }) => actor)).toEqual(['server', 'admin', 'admin']);
  expect(trust.map(readEvent)).toEqual(trust);
  expect(trust.map(describeEvent)).toEqual([
    `Device ${id} is suspected now: its update is 1.4 times its own length off.`,
    `Device ${id} is barred now: it sent noise.`,
    `Device ${id} is new now: an operator pardoned it.`,
  ]);
});
