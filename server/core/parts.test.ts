import { describe, expect, it } from 'vitest';
import { RecentMap } from './recentMap.ts';
import { Stopwatch } from './stopwatch.ts';
import { VirtualClock } from './testing/virtualClock.ts';
import { Throughput } from './run/throughput.ts';
import { VersionRing } from './shard/versionRing.ts';

describe('Throughput', () => {
  /** Marks a commit of 32 samples every `everyMs`, until `forMs` have passed. */
  function marked(everyMs: number, forMs: number) {
    const clock = new VirtualClock();
    const throughput = new Throughput(clock);
    throughput.follow(true);
    const rates: number[] = [];
    for (let commits = 1; clock.now() < forMs; commits++) {
      clock.advance(everyMs);
      throughput.mark(commits, 32 * commits);
      if (commits > 2) rates.push(throughput.perSecond().commits);
    }
    return { clock, throughput, rates };
  }

  it.each([1, 10, 50, 199, 200, 1000])('is the rate of commits %i ms apart at any moment', (everyMs) => {
    const { rates, throughput } = marked(everyMs, 30_000);
    for (const rate of rates) expect(rate).toBeCloseTo(1000 / everyMs);
    expect(throughput.perSecond().samples).toBeCloseTo(32_000 / everyMs);
  });

  it('is zero before the second commit, falls while none comes and is zero after the window', () => {
    const { clock, throughput } = marked(100, 5000);
    const rate = throughput.perSecond().commits;
    clock.advance(4000);
    expect(throughput.perSecond().commits).toBeLessThan(rate);
    clock.advance(10_000);
    expect(throughput.perSecond()).toEqual({ commits: 0, samples: 0 });
    throughput.mark(100, 100);
    expect(throughput.perSecond()).toEqual({ commits: 0, samples: 0 });
  });

  it('[PG1] is zero from the moment that the run pauses or ends, whatever still comes in', () => {
    const { clock, throughput } = marked(100, 5000);
    throughput.follow(false);
    expect(throughput.perSecond()).toEqual({ commits: 0, samples: 0 });
    for (let commits = 101; commits < 104; commits++) {
      clock.advance(100);
      throughput.mark(commits, 32 * commits);
      expect(throughput.perSecond()).toEqual({ commits: 0, samples: 0 });
    }
  });

  it('leaves a pause out when the run goes on', () => {
    const { clock, throughput } = marked(500, 5000);
    throughput.follow(false);
    throughput.mark(11, 32 * 11);
    clock.advance(4000);
    throughput.follow(true);
    for (let commits = 12; commits < 15; commits++) {
      clock.advance(500);
      throughput.mark(commits, 32 * commits);
    }
    expect(throughput.perSecond()).toEqual({ commits: 2, samples: 64 });
  });
});

describe('RecentMap', () => {
  it('forgets what was set longest ago beyond its capacity', () => {
    const map = new RecentMap<number, string>(2);
    for (const key of [1, 2]) map.set(key, `v${key}`);
    expect(map.set(1, 'again')).toBeNull();
    expect([map.get(1), map.get(2)]).toEqual(['again', 'v2']);
    expect(map.set(3, 'v3')).toBe(2);
    expect([map.get(1), map.get(2), map.get(3)]).toEqual(['again', undefined, 'v3']);
  });
});

describe('VersionRing', () => {
  const filled = (until: number, prepare: (ring: VersionRing) => void = () => undefined) => {
    const ring = new VersionRing(0, Float32Array.of(0));
    prepare(ring);
    for (let version = 1; version <= until; version++) ring.add(version, Float32Array.of(version));
    return ring;
  };
  const kept = (ring: VersionRing) =>
    Array.from({ length: 21 }, (_, version) => version).filter((version) => ring.get(version));

  it('[CM6] [CM11] keeps the last eight versions', () => {
    expect(kept(filled(7))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(kept(filled(20))).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect(filled(20).newest).toBe(20);
  });

  it('[CM9] keeps a pinned version until the last of its pins is gone', () => {
    const ring = filled(20, (empty) => [1, 2].forEach((lease) => empty.pin(lease, 0)));
    expect(kept(ring)[0]).toBe(0);
    ring.unpin(1);
    ring.unpin(1);
    expect(kept(ring)[0]).toBe(0);
    ring.unpin(2);
    expect(kept(ring)[0]).toBe(13);
  });

  it('[CM9] a pin of a version that is gone keeps nothing, and an unpinned recent version stays', () => {
    const ring = filled(20);
    ring.pin(1, 3);
    ring.pin(2, 15);
    ring.unpin(2);
    expect(kept(ring)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it('[CM1] gives out copies of the newest: who changes one changes no version', () => {
    const ring = filled(1);
    ring.copyOfNewest()[0] = 9;
    expect(ring.get(1)).toEqual(Float32Array.of(1));
  });
});

describe('Stopwatch', () => {
  it('counts only while it runs', () => {
    const clock = new VirtualClock();
    const watch = new Stopwatch(clock, 500);
    clock.advance(100);
    expect([watch.milliseconds, watch.running]).toEqual([500, false]);
    watch.start();
    clock.advance(100);
    watch.start();
    clock.advance(100);
    expect([watch.milliseconds, watch.running]).toEqual([700, true]);
    watch.stop();
    watch.stop();
    clock.advance(100);
    expect([watch.milliseconds, watch.running]).toEqual([700, false]);
    watch.start();
    clock.advance(1);
    expect(watch.milliseconds).toBe(701);
  });
});
