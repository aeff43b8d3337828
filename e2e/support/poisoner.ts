import { encodePack } from '../../shared/protocol/pack.ts';
import { EVENTS, type Lease } from '../../shared/protocol/messages.ts';
import { ask, frameHeaderOf, joinRaw, type RawDevice } from './rawClient.ts';
import { Cleanup } from './testServer.ts';

/** A frame for a lease with something wrong that only a shard or the coordinator can see. */
type Poison = (lease: Lease, device: RawDevice) => Uint8Array;

const filled =
  (value: number): Poison =>
  (lease, { run }) => {
    const header = frameHeaderOf(lease, run, 0);
    return encodePack([{ header, values: new Float32Array(header.length).fill(value) }]);
  };

const POISONS: Poison[] = [
  filled(NaN),
  filled(-Infinity),
  filled(1e30),
  (lease, { run }) =>
    encodePack([{ header: { ...frameHeaderOf(lease, run, 0), length: 8 }, values: new Float32Array(8) }]),
  (lease, device) => filled(0)(lease, device).slice(0, -3),
  (lease, { run }) => {
    const header = { ...frameHeaderOf(lease, run, 0), samples: 1_000_000 };
    return encodePack([{ header, values: new Float32Array(header.length) }]);
  },
];

/** A device that joins, takes leases and pushes poison, and joins again when it gets no more; until the test ends. */
export async function startPoisoner(
  cleanup: Cleanup,
  server: string,
): Promise<{ outcomes: () => Set<unknown> }> {
  const outcomes = new Set<unknown>();
  let over = false;
  let poisons = 0;
  const live = async (): Promise<void> => {
    const own = new Cleanup();
    const device = await joinRaw(own, server);
    const shard = device.host();
    // Four bad updates a connection: after the fifth in a row no more leases would come.
    for (let pushed = 0; pushed < 4 && !over; pushed++) {
      const lease = await Promise.race([device.lease(), ended]);
      if (lease === null) break;
      const poison = POISONS[poisons++ % POISONS.length] ?? filled(NaN);
      const answer = await ask(shard, EVENTS.push, lease.terms, poison(lease, device)).catch(() => null);
      outcomes.add(answer?.['outcome']);
      // What could not be read leaves the lease as it was: it is given back.
      await ask(device.coordinator, EVENTS.release, { lease: lease.terms.lease, reason: 'poison' }).catch(
        () => null,
      );
    }
    await own.run();
    if (!over) await live();
  };
  let finish: (none: null) => void = () => undefined;
  const ended = new Promise<null>((resolve) => (finish = resolve));
  const living = live();
  cleanup.add(async () => {
    over = true;
    finish(null);
    await living.catch(() => undefined);
  });
  return Promise.resolve({ outcomes: () => outcomes });
}
