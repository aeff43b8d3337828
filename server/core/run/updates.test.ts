import { describe, expect, it } from 'vitest';
import type { Policy } from '../policy/policy.ts';
import { modelHash } from '../../store/modelHash.ts';
import type { Tampering } from '../testing/scriptedDevice.ts';
import { asyncPolicy, syncPolicy } from '../testing/policies.ts';
import type { WorldOptions } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';

/** One device with a lease that does only what it is told. */
function single(options: WorldOptions = {}) {
  const world = new World(options);
  const device = world.device({ unitMs: null }).join().ready();
  world.coordinator.start();
  world.wire.drain();
  return { world, device };
}

const replacing = (at: number, value: number): Tampering => ({
  values: (values) => values.map((each, index) => (index === at ? value : each)),
});

const WRONG_SHAPES: [string, Tampering][] = [
  ['another shard', { header: { shard: 5 } }],
  ['another offset', { header: { offset: 1 } }],
  ['a slice too short', { values: (values) => values.slice(1) }],
  ['a slice too long', { values: (values) => new Float32Array(values.length + 1) }],
  ['an empty slice', { values: () => new Float32Array(0) }],
  ['another codec', { header: { codec: 'float16' } }],
  ['another kind', { header: { kind: 'delta' } }],
  ['weights', { header: { kind: 'weights' } }],
  ['other samples', { header: { samples: 31 } }],
  ['another base version', { header: { baseVersion: 1 } }],
  ['another run', { header: { incarnation: 1 } }],
  ['another lease', { header: { lease: 999 } }],
];

const NOT_FINITE: [string, Tampering][] = [
  ['a NaN at the start', replacing(0, NaN)],
  ['a NaN in the middle of a block', replacing(300, NaN)],
  ['an infinity at the end', replacing(499, Infinity)],
  ['a negative infinity', replacing(255, -Infinity)],
];

describe('updates that never reach the parameters', () => {
  it.each(WRONG_SHAPES)('[UP1] %s is answered WRONG_SHAPE', (_, tampering) => {
    const { world, device } = single();
    device.pushNow(device.lease, tampering);
    expect(device.outcomes()[0]).toBe('WRONG_SHAPE');
    expect(world.coordinator.version).toBe(0);
    expect(world.parameters).toEqual(world.initial);
  });

  it.each(NOT_FINITE)('[UP2] %s is answered NOT_FINITE', (_, tampering) => {
    const { world, device } = single({ shards: 1 });
    device.pushNow(device.lease, tampering);
    expect(device.outcomes()).toEqual(['NOT_FINITE']);
    expect(world.parameters).toEqual(world.initial);
  });

  it('[UP2] [CM2] a NaN in the last slice refuses those that were staged before', () => {
    const { world, device } = single({ shards: 4 });
    device.push(device.lease, {}, device.gradient(), [0, 1, 2]);
    device.push(device.lease, replacing(0, NaN), device.gradient(), [3]);
    world.wire.drain();
    expect(device.outcomes()).toEqual(Array.from({ length: 4 }, () => 'NOT_FINITE'));
    expect(world.parameters).toEqual(world.initial);
    expect(world.shards.map(({ held }) => held)).toEqual([0, 0, 0, 0]);
  });

  it.each([1, 2, 4])(
    '[UP3] an update above the bound is answered NORM_EXCEEDED by all of %i shards',
    (shards) => {
      const { world, device } = single({ shards, maxNorm: 10 });
      // 1,000 elements: a norm of exactly 10, then the least above it.
      const bound = Math.fround(Math.sqrt(0.1)) - 1e-7;
      const above = Math.fround(Math.sqrt(0.1)) + 1e-7;
      device.pushNow(device.lease, {}, new Float32Array(1000).fill(above));
      expect(device.outcomes()).toEqual(Array.from({ length: shards }, () => 'NORM_EXCEEDED'));
      expect(world.parameters).toEqual(world.initial);
      device.ready();
      world.wire.drain();
      device.pushNow(device.lease, {}, new Float32Array(1000).fill(bound));
      expect(world.coordinator.version).toBe(1);
    },
  );

  it('[UP3] an update whose norm is the very bound is within it', () => {
    const { world, device } = single({ maxNorm: 10 });
    const only = (value: number) =>
      Float32Array.from({ length: 1000 }, (_, index) => (index === 0 ? value : 0));
    device.pushNow(device.lease, {}, only(10 + 2 ** -20));
    expect(device.outcomes()).toEqual(['NORM_EXCEEDED', 'NORM_EXCEEDED']);
    device.ready();
    world.wire.drain();
    const bound = device.lease;
    device.pushNow(bound, {}, only(10));
    expect(device.outcomes(bound)).toEqual(['APPLIED', 'APPLIED']);
  });

  it('[UP3] finite numbers whose squares are beyond float32 are a norm out of bounds, not an infinity', () => {
    const { world, device } = single();
    device.pushNow(device.lease, {}, new Float32Array(1000).fill(3e38));
    expect(device.outcomes()).toEqual(['NORM_EXCEEDED', 'NORM_EXCEEDED']);
    expect(world.parameters).toEqual(world.initial);
  });

  it('[UP3] a norm that is no number, as a faulty shard may report, is out of bounds', () => {
    const { world, device } = single({ shards: 1 });
    world.coordinator.staged(device.lease.terms.lease, 0, [NaN], { leases: [], sums: new Float64Array(0) });
    expect(world.coordinator.version).toBe(0);
    expect(world.crowd.records()[0]).toMatchObject({ state: 'silent', lost: 1 });
  });

  it.each<[string, () => Policy]>([
    ['async', asyncPolicy],
    ['sync', () => syncPolicy({ roundSize: 1 })],
  ])('[UP4] the model hash after good and bad updates is that of the good ones alone, %s', (_, policy) => {
    const bad: Tampering[] = [
      ...WRONG_SHAPES.map(([, tampering]) => tampering),
      ...NOT_FINITE.map(([, tampering]) => tampering),
      { values: (values) => values.fill(1e6) },
    ];
    const hashAfter = (spoiling: boolean) => {
      const { world, device } = single({ policy: policy() });
      for (const tampering of bad) {
        if (spoiling) {
          device.pushNow(device.lease, { terms: { mac: 'f'.repeat(32) } });
          device.pushNow(device.lease, tampering);
          device.ready();
          world.wire.drain();
        }
        const good = device.lease;
        device.pushNow();
        if (spoiling) device.pushNow(good);
      }
      expect(world.coordinator.version).toBe(bad.length);
      return modelHash(world.parameters);
    };
    expect(hashAfter(true)).toBe(hashAfter(false));
  });
});
