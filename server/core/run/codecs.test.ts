import { describe, expect, it } from 'vitest';
import { CODEC_NAMES, CODECS, type CodecName } from '../../../shared/codec/codecs.ts';
import { asyncPolicy, syncPolicy } from '../testing/policies.ts';
import { arrived } from '../testing/plainModel.ts';
import type { WorldOptions } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';

/** One device with a lease that does only what it is told. */
function single(options: WorldOptions) {
  const world = new World(options);
  const device = world.device({ unitMs: null }).join().ready();
  world.coordinator.start();
  world.wire.drain();
  return { world, device };
}

/** A thousand values, the first of them this. */
const beginningWith = (value: number) =>
  Float32Array.from({ length: 1000 }, (_, index) => (index === 0 ? value : 0));

/** What a run comes to, and what travelled. */
function trained(options: WorldOptions) {
  const world = new World(options);
  for (const unitMs of [70, 110, 190]) world.device({ unitMs }).join().ready();
  world.committed = () => {
    if (world.coordinator.version === 12) world.coordinator.stop();
  };
  world.coordinator.start();
  world.pass(10_000);
  return world;
}

describe.each(CODEC_NAMES)('a run with the codec %s', (codec) => {
  it('[CD6] names it in the terms of every lease', () => {
    const { device } = single({ codec });
    expect(device.lease.terms.codec).toBe(codec);
  });

  it.each([
    ['async', asyncPolicy],
    ['sync', syncPolicy],
  ])('[CD3] [CM4] comes to the same bits on any number of shards, %s', (_, policy) => {
    const [one, two, four] = [1, 2, 4].map((shards) => trained({ codec, shards, policy: policy() }));
    expect(two?.parameters).toEqual(one?.parameters);
    expect(four?.parameters).toEqual(one?.parameters);
    // The plain model rounds each gradient as the codec does, whole.
    expect(one?.parameters).toEqual(one?.plain().at(-1));
  });

  it('[CD7] sends weights as they are', () => {
    const { world } = single({ codec, shards: 1 });
    const pulled: unknown[] = [];
    world.shards[0]?.pull(0, (answer) => pulled.push(answer.slice));
    expect(pulled).toEqual([world.initial]);
  });

  it('[CD8] counts the bytes that travel', () => {
    const { world, device } = single({ codec, shards: 1 });
    const payload = CODECS[codec].encode(device.gradient());
    device.pushNow();
    expect(world.coordinator.version).toBe(1);
    expect(world.shards[0]?.traffic.bytesUp).toBe(payload.byteLength);
  });

  it('[CD2] answers a payload that does not hold its length WRONG_SHAPE, which ends the lease', () => {
    const { world, device } = single({ codec });
    const { lease } = device;
    device.pushNow(lease, { payload: () => new Uint8Array(1) });
    device.pushNow(lease);
    expect(device.outcomes(lease)).toEqual(['WRONG_SHAPE', 'WRONG_SHAPE', 'DUPLICATE', 'DUPLICATE']);
    expect(world.parameters).toEqual(world.initial);
  });

  it.each(CODEC_NAMES.filter((other) => other !== codec))(
    '[CD6] answers an update in %s WRONG_SHAPE, and does not decode it first',
    (other) => {
      const { world, device } = single({ codec });
      // Nothing that could be decoded: had it been tried, the answer would be MALFORMED.
      device.pushNow(device.lease, { header: { codec: other }, payload: () => new Uint8Array(1) });
      expect(device.outcomes()[0]).toBe('WRONG_SHAPE');
      expect(world.parameters).toEqual(world.initial);
    },
  );
});

describe('a run with float16', () => {
  it('[CD5] [CD8] [UP2] refuses a value that float16 has no number for as NOT_FINITE', () => {
    const { world, device } = single({ codec: 'float16', shards: 1, maxNorm: 1e6 });
    device.pushNow(device.lease, {}, beginningWith(65_520));
    expect(device.outcomes()).toEqual(['NOT_FINITE']);
    expect(world.parameters).toEqual(world.initial);
    device.ready();
    world.wire.drain();
    const { lease } = device;
    device.pushNow(lease, {}, beginningWith(65_519));
    expect(device.outcomes(lease)).toEqual(['APPLIED']);
  });

  it('[CD8] [UP3] holds the values that arrived to the bound on norms, not those that were sent', () => {
    // Rounds to 10, the bound itself.
    const sent = 10 + 2 ** -10;
    expect(arrived(beginningWith(sent), 'float16')[0]).toBe(10);
    const outcomesIn = (codec: CodecName) => {
      const { device } = single({ codec, shards: 1, maxNorm: 10 });
      const { lease } = device;
      device.pushNow(lease, {}, beginningWith(sent));
      return device.outcomes(lease);
    };
    expect(outcomesIn('float16')).toEqual(['APPLIED']);
    expect(outcomesIn('float32')).toEqual(['NORM_EXCEEDED']);
  });
});
