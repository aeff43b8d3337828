import { describe, expect, it, vi } from 'vitest';
import { AUDITS_TO_TRUST } from '../crowd/trust.ts';
import type { Policy } from '../policy/policy.ts';
import { gradientOf } from '../testing/plainModel.ts';
import { asyncPolicy, bufferedPolicy, syncPolicy } from '../testing/policies.ts';
import { settled } from '../testing/runWorld.ts';
import type { Tampering } from '../testing/scriptedDevice.ts';
import { World } from '../testing/world.ts';
import { AUDIT_PATIENCE_MS, type Finding } from './audits.ts';
import { compare } from './comparison.ts';
import type { Recompute } from './recomputation.ts';

const honest: Recompute = ({ base, update, unit }) =>
  Promise.resolve({ ...compare(update, [gradientOf(base, unit)], base), milliseconds: 10 });
const never: Recompute = () => new Promise(() => undefined);

const times = (factor: number): Tampering => ({ values: (values) => values.map((each) => factor * each) });
const FLIPPED = times(-1);
/** Neither near nor far. */
const OFF = times(1.1);

interface Options {
  policy?: Policy;
  combines?: boolean;
  recompute?: Recompute;
}

/** A world with audits, and devices that do only what they are told. */
function audited({ policy = asyncPolicy(), combines = false, recompute = honest }: Options = {}) {
  const findings: Finding[] = [];
  const failures: unknown[] = [];
  const world = new World({
    policy,
    audits: {
      share: 0.05,
      seed: 5,
      combines,
      recompute,
      arithmetic: 'fastest',
      codec: 'float32',
      found: (finding) => findings.push(finding),
      failed: (error) => failures.push(error),
    },
  });
  const device = (vouched = false) => world.device({ unitMs: null, vouched }).join().ready();
  const first = device();
  world.coordinator.start();
  world.wire.drain();
  /** Lets audits come to their ends, and time pass. */
  const pass = async (milliseconds = 0) => {
    world.pass(milliseconds);
    await settled();
    world.pass(0);
  };
  const trustOf = ({ id }: { id: string }) => world.crowd.get(id)?.trust;
  return { world, first, device, findings, failures, pass, trustOf };
}

describe('the update of a device that is not trusted, where each is a commit of its own', () => {
  it('[AT9] counts once its audit found it right, and its device goes on', async () => {
    const { world, first, pass, findings } = audited();
    const { lease } = first;
    first.pushNow();
    expect([world.coordinator.version, first.outcomes(lease)]).toEqual([0, []]);
    await pass();
    expect(first.outcomes(lease)).toEqual(['APPLIED', 'APPLIED']);
    expect(findings).toMatchObject([{ lease: 1, device: first.id, verdict: 'right', relative: 0 }]);
    expect(first.leases).toHaveLength(2);
    expect(world.parameters).toEqual(world.plain().at(-1));
  });

  it('[AT9] is refused where it is wrong, and the parameters stay as they are', async () => {
    const { world, first, pass, findings, trustOf } = audited();
    const { lease } = first;
    first.pushNow(lease, FLIPPED);
    await pass();
    expect(first.outcomes(lease)).toEqual(['WRONG_UPDATE', 'WRONG_UPDATE']);
    expect([world.coordinator.version, world.parameters]).toEqual([0, world.initial]);
    expect(findings).toMatchObject([{ verdict: 'wrong' }]);
    expect(trustOf(first)).toBe('suspected');
    expect(world.crowd.get(first.id)?.history.trust.cause?.why).toMatch(
      /^its update is 2\.0 times .* -1\.00\)$/,
    );
    first.ready();
    await pass();
    first.pushNow(first.lease, FLIPPED);
    await pass();
    expect([trustOf(first), first.barred]).toEqual(['barred', 1]);
    expect(world.coordinator.version).toBe(0);
  });

  it('[AT9] is withdrawn where nothing can be said of it: its device is not at fault and goes on', async () => {
    const { world, first, pass, trustOf } = audited();
    for (let unit = 0; unit < 10; unit++) {
      const { lease } = first;
      first.pushNow(lease, OFF);
      await pass();
      expect(first.outcomes(lease)).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    }
    expect(first.leases).toHaveLength(11);
    expect([trustOf(first), world.crowd.get(first.id)?.history.trust.audits.unclear]).toEqual(['new', 10]);
    expect(world.coordinator.version).toBe(0);
  });

  it('[AT9] is withdrawn after five seconds without its audit, and its device goes on', async () => {
    const { world, first, pass } = audited({ recompute: never });
    const { lease } = first;
    first.pushNow();
    await pass(AUDIT_PATIENCE_MS - 50);
    expect(first.outcomes(lease)).toEqual([]);
    await pass(50);
    expect(first.outcomes(lease)).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    expect(first.leases).toHaveLength(2);
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[AT9] [AT4] is withdrawn where it cannot be computed again, and the run goes on', async () => {
    const { world, first, device, pass, failures } = audited({
      recompute: () => Promise.reject(new Error('gone')),
    });
    const trusted = device(true);
    world.wire.drain();
    first.pushNow();
    trusted.pushNow();
    await pass();
    expect(failures).toEqual([new Error('gone')]);
    expect([first.outcomes(first.leases[0]), world.coordinator.version]).toEqual([
      ['WITHDRAWN', 'WITHDRAWN'],
      1,
    ]);
  });

  it('[AT9] waits while the run is stopped for its decision, and counts when it goes on', async () => {
    const { world, first, pass } = audited();
    first.pushNow();
    world.coordinator.freeze();
    await pass();
    expect(world.coordinator.version).toBe(0);
    world.coordinator.start();
    expect(world.coordinator.version).toBe(1);
  });

  it('[AT9] waits on where the run goes on before its audit has ended', async () => {
    const { world, first, pass } = audited({ recompute: never });
    first.pushNow();
    world.coordinator.freeze();
    world.coordinator.start();
    await pass();
    expect(world.coordinator.version).toBe(0);
  });

  it('[AT9] waits no more where the run ends meanwhile, nor where it goes on after that', async () => {
    const { world, first, pass } = audited();
    const { lease } = first;
    first.pushNow();
    world.coordinator.stop();
    world.coordinator.start();
    await pass(2 * AUDIT_PATIENCE_MS);
    expect(first.outcomes(lease)).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    expect(world.coordinator.version).toBe(0);
  });

  it('[AT9] counts although the device is gone', async () => {
    const { world, first, pass } = audited();
    first.pushNow();
    first.vanish();
    await pass();
    expect(world.coordinator.version).toBe(1);
  });

  it('[AT9] counts at once when enough of its work was right', async () => {
    const { world, first, pass, trustOf } = audited();
    for (let unit = 0; unit < AUDITS_TO_TRUST; unit++) {
      expect(trustOf(first)).toBe('new');
      first.pushNow();
      await pass();
    }
    expect([trustOf(first), world.coordinator.version]).toEqual(['trusted', AUDITS_TO_TRUST]);
    first.pushNow();
    expect(world.coordinator.version).toBe(AUDITS_TO_TRUST + 1);
  });
});

describe('an update that does not wait', () => {
  it('[AT9] is that of a trusted device', async () => {
    const { world, first, device, pass } = audited();
    first.leave();
    const trusted = device(true);
    world.wire.drain();
    trusted.pushNow();
    expect(world.coordinator.version).toBe(1);
    await pass();
  });

  it.each([
    ['a round', () => syncPolicy()],
    ['a buffer', () => bufferedPolicy({ buffer: 1 })],
  ])(
    '[AT9] is that of a new device in %s, which is audited all the same; a suspected one waits',
    async (_name, policy) => {
      const { world, first, pass, findings, trustOf } = audited({ policy: policy(), combines: true });
      first.pushNow(first.lease, FLIPPED);
      expect(world.coordinator.version).toBe(1);
      await pass();
      expect(findings).toMatchObject([{ lease: 1, verdict: 'wrong' }]);
      expect(trustOf(first)).toBe('suspected');
      first.pushNow();
      expect(world.coordinator.version).toBe(1);
      await pass();
      expect(world.coordinator.version).toBe(2);
    },
  );

  it('[AT15] but one that is found wrong while its round waits is no part of the commit', async () => {
    const { world, first, device, pass } = audited({ policy: syncPolicy(), combines: true });
    const other = device();
    world.wire.drain();
    first.pushNow();
    await pass();
    const lie = first.lease;
    const honest = other.lease;
    first.pushNow(lie, FLIPPED);
    await pass();
    expect(first.outcomes(lie)).toEqual(['WRONG_UPDATE', 'WRONG_UPDATE']);
    other.pushNow(honest);
    await pass();
    const members = world.recorder.membersAt(2).map(({ lease }) => lease);
    expect(members).toEqual([honest.terms.lease]);
  });

  it('[AT15] nor one that is found wrong in a buffer', async () => {
    const { world, first, device, pass } = audited({ policy: bufferedPolicy({ buffer: 2 }), combines: true });
    const second = device();
    const third = device();
    world.wire.drain();
    first.pushNow(first.lease, FLIPPED);
    await pass();
    const honest = [second.lease, third.lease];
    second.pushNow();
    third.pushNow();
    await pass();
    const members = world.recorder.membersAt(1).map(({ lease }) => lease);
    expect(members).toEqual(honest.map(({ terms }) => terms.lease));
  });

  it('[AT12] is any where nothing is audited', () => {
    const world = new World();
    const device = world.device({ unitMs: null }).join().ready();
    world.coordinator.start();
    world.wire.drain();
    device.pushNow(device.lease, FLIPPED);
    expect([world.coordinator.version, world.coordinator.audits.figures]).toEqual([1, null]);
  });
});

describe('the evidence of audits', () => {
  it('[AT6] is gone from all shards once the audit or the lease has ended', async () => {
    const { world, first, device, pass } = audited();
    const other = device();
    world.wire.drain();
    const evidence = async (lease: number) =>
      (await Promise.all(world.shards.map((shard) => shard.evidence(lease)))).filter((each) => each !== null);
    const audit = first.lease.terms.lease;
    const gone = other.lease.terms.lease;
    const dropped = world.shards.map((shard) => vi.spyOn(shard, 'dropEvidence'));
    first.pushNow();
    expect(await evidence(audit)).toHaveLength(2);
    await pass();
    expect(await evidence(audit)).toEqual([]);
    other.release();
    for (const drop of dropped) expect(drop.mock.calls).toEqual([[audit], [gone]]);
  });
});
