import { CODEC_NAMES } from '../../../shared/codec/codecs.ts';
import { createGenerator, type Generator } from '../../../shared/random/generator.ts';
import { ROLES } from '../../../shared/protocol/placement.ts';
import { AGGREGATION_NAMES } from '../aggregation/rules.ts';
import type { LiveChanges } from '../liveSettings.ts';
import type { Policy } from '../policy/policy.ts';
import type { ScriptedDevice, Tampering } from './scriptedDevice.ts';
import { ALL_EQUAL } from '../aggregation/aggregation.ts';
import { asyncPolicy, bufferedPolicy, LIMITS, syncPolicy } from './policies.ts';
import type { WorldOptions } from './testServer.ts';
import { World } from './world.ts';

const MAX_DEVICES = 5;
const STEPS = 600;
/** How much of its history a failure prints. */
const TOLD_STEPS = 40;
/** Longer than any lease or round. */
const NO_LEASE_MS = 2 * LIMITS.capMs;
/** Within this an honest device has work, whatever the others do: some rounds to wait for, since a stranger has its share of them only, and its own. */
const PROGRESS_MS = 10 * NO_LEASE_MS;
/** What leaves the lease as it was; of a kept update, what becomes of the round comes later. */
const DECIDES_NOTHING = ['UNKNOWN_LEASE', 'MALFORMED', 'KEPT'];
const HEARD = ['APPLIED', 'STALE', 'KEPT'];
/** How many of the acts of the server are followed by a look whether everybody gets on. */
const LOOK_EVERY = 4;

const TAMPERINGS: Tampering[] = [
  { values: (values) => values.fill(NaN) },
  { values: (values) => values.fill(1e20) },
  { values: (values) => values.slice(1) },
  { payload: () => new Uint8Array(1) },
  { header: { kind: 'weights' } },
  { header: { samples: 1 } },
  { header: { baseVersion: 1 << 20 } },
  { header: { lease: 1 << 20 } },
  { terms: { mac: 'e'.repeat(32) } },
  { terms: { deadline: 2 ** 40 } },
];

const CHANGES: LiveChanges[] = [
  { lr: 0.05 },
  { momentum: 0.5 },
  { lr: 0.1, maxCommits: 1000 },
  { optimizer: 'momentum' },
];

/** A whole server and its devices, made to do random things in a random order that follows from a seed. */
export class Simulation {
  readonly world: World;
  readonly #random: Generator;
  readonly #history: string[] = [];
  readonly #here = new Set<ScriptedDevice>();
  /** Commits of the servers that died. */
  #commits = 0;

  /** Commits of all servers so far. */
  get commits(): number {
    return this.#commits + this.world.coordinator.version;
  }

  constructor(readonly seed: number) {
    this.#random = createGenerator(seed);
    this.world = new World(this.#options());
  }

  /** @throws {Error} with seed and history where an invariant does not hold. */
  run(): void {
    try {
      for (const unitMs of [50, 100, 300])
        this.#here.add(
          this.world
            .device({ unitMs, vouched: unitMs > 50 })
            .join()
            .ready(),
        );
      this.world.coordinator.start();
      for (let step = 0; step < STEPS; step++) {
        this.#step();
        this.#checkStep();
      }
      this.#finish();
    } catch (error) {
      const history = this.#history.slice(-TOLD_STEPS).join('\n  ');
      const again = `npm run simulate -- --seed ${this.seed}`;
      throw new Error(`seed ${this.seed}: ${String(error)}\n  ${history}\n${again}`, { cause: error });
    }
  }

  /** Everything that happened so far, a line each. */
  get history(): readonly string[] {
    return this.#history;
  }

  #options(): WorldOptions {
    const { policy, repeatable = false } = this.#policy();
    return {
      policy,
      // Nobody is held back where who is there may not matter [TS18].
      repeatable,
      ...(repeatable ? { bounded: ALL_EQUAL } : {}),
      aggregation: this.#pick(AGGREGATION_NAMES),
      shards: 1 + this.#random.below(4),
      placement: this.#pick(['uniform', 'uniform', 'greedy'] as const),
      maxDevices: MAX_DEVICES,
      codec: this.#pick(CODEC_NAMES),
    };
  }

  #policy(): { policy: Policy; repeatable?: true } {
    switch (this.#random.below(8)) {
      case 0:
        return { policy: syncPolicy() };
      case 1:
        return { policy: syncPolicy({ roundSize: 2 }) };
      case 2:
        return { policy: syncPolicy({ roundSize: 3 }) };
      case 3:
        return { policy: syncPolicy({ roundSize: 3, rounds: 'complete' }), repeatable: true };
      case 4:
        return { policy: asyncPolicy(1) };
      case 5:
        return { policy: bufferedPolicy() };
      case 6:
        return { policy: bufferedPolicy({ buffer: 2, maxStaleness: 1 }) };
      default:
        return { policy: asyncPolicy() };
    }
  }

  #step(): void {
    const { wire, clock } = this.world;
    const kind = this.#random.below(80);
    const links = wire.busy();
    if (kind < 52 && links.length > 0) {
      const link = this.#pick(links);
      this.#note(`deliver ${link}`);
      wire.deliver(link);
    } else if (kind < 70) {
      const milliseconds = this.#random.below(400);
      this.#note(`advance ${milliseconds}`);
      clock.advance(milliseconds);
    } else if (kind < 78) {
      this.#actOfDevice();
    } else {
      this.#actOfServer();
    }
  }

  #actOfServer(): void {
    const { coordinator, clock } = this.world;
    const acts: [string, () => void][] = [
      ['jump', () => clock.jump(this.#random.below(2 * NO_LEASE_MS))],
      ['pause', () => coordinator.pause()],
      ['freeze', () => coordinator.freeze()],
      ['confirm a target', () => this.#confirm()],
      ['stop', () => coordinator.stop()],
      ['stop', () => coordinator.stop()],
      ['mark', () => this.#mark()],
      ['roll back', () => this.#rollBack()],
      ['restart', () => this.#restart()],
      ['configure', () => coordinator.configure(this.#pick(CHANGES))],
    ];
    const [name, act] = this.#pick(acts);
    this.#note(name);
    act();
    if (name === 'jump' || this.#random.below(3) === 0) return;
    this.#note('start');
    this.world.coordinator.start();
    if (this.#random.below(LOOK_EVERY) === 0) this.#checkNobodyStarves();
  }

  /** A version seems good enough: nothing is decided while it is measured, and then the run ends. */
  #confirm(): void {
    const { coordinator, wire } = this.world;
    coordinator.freeze();
    for (const link of wire.busy()) wire.deliver(link);
    coordinator.stop();
  }

  /** The present version was measured, and is good or not. */
  #mark(): void {
    const { coordinator } = this.world;
    const { version, marks } = coordinator;
    marks.mark(coordinator);
    marks.judge(version, this.#random.below(3) > 0);
  }

  #rollBack(): void {
    const { coordinator } = this.world;
    if (coordinator.marks.good.length > 0) coordinator.restore(this.#pick(coordinator.marks.good).version);
  }

  /** The server dies and comes back; every device that was connected joins it again. */
  #restart(): void {
    this.#checkAnswers();
    this.#commits += this.world.coordinator.version;
    this.world.restart(this.#options());
    for (const device of [...this.#here]) this.#rejoin(device);
  }

  #rejoin(device: ScriptedDevice): void {
    const { session, token } = device.joined ?? { session: { device: '' }, token: '' };
    device.join({ device: session.device, token });
    if (device.joined === null) this.#here.delete(device);
    else device.ready();
  }

  #actOfDevice(): void {
    const kind = this.#random.below(14);
    if (this.#here.size === 0 || (kind === 0 && this.#here.size <= MAX_DEVICES)) {
      const unitMs = this.#pick([null, 50, 300, 2500]);
      const workers = this.#pick([1, 1, 2, 3]);
      this.#note(
        `join of device ${this.world.devices.length}, ${workers} workers, unit of ${String(unitMs)} ms`,
      );
      const vouched = this.#random.below(2) === 0;
      const device = this.world.device({ unitMs, workers, vouched }).join();
      if (device.joined !== null) this.#here.add(device.ready());
      return;
    }
    const device = this.#pick([...this.#here]);
    const acts: [string, () => void][] = [
      ['vanish', () => this.#vanish(device)],
      ['resume', () => device.resume().ready()],
      ['resume with a wrong token', () => this.#resumeWrongly(device)],
      ['leave', () => device.leave()],
      ['release', () => device.leases.length > 0 && device.release(this.#pick(device.leases))],
      ['push one slice', () => this.#push(device, {}, [this.#random.below(this.world.shards.length)])],
      ['corrupt', () => this.#push(device, this.#pick(TAMPERINGS))],
      ['push of another device', () => this.#pushOfAnother(device)],
      ...[0, 1].map((): [string, () => void] => ['push', () => this.#push(device)]),
      ['open a data channel', () => device.openChannel()],
      ['lose the data channel', () => device.loseChannel()],
      ['ready', () => device.ready()],
      ['ready with other workers', () => device.ready(1 + this.#random.below(3))],
    ];
    const [name, act] = this.#pick(acts);
    this.#note(`${name} by ${device.id}`);
    act();
  }

  #vanish(device: ScriptedDevice): void {
    device.vanish();
    this.#here.delete(device);
  }

  /** It becomes another device, while its old connection stays until the server hears of its end. */
  #resumeWrongly(device: ScriptedDevice): void {
    device.vanish();
    device.resume('0'.repeat(32));
    if (device.joined === null) this.#here.delete(device);
    else device.ready();
  }

  /** Pushes a recent lease, perhaps for the second time or too late. */
  #push(device: ScriptedDevice, tampering: Tampering = {}, shards?: number[]): void {
    const lease = device.leases.at(-1 - this.#random.below(2));
    if (lease === undefined) return;
    const base = this.world.plain()[lease.terms.baseVersion];
    if (base !== undefined) device.push(lease, tampering, device.gradient(lease, base), shards);
  }

  #pushOfAnother(device: ScriptedDevice): void {
    const lease = this.#pick(this.world.devices).leases.at(-1);
    if (lease !== undefined && lease.terms.device !== device.id) device.push(lease, {}, this.world.initial);
  }

  #checkStep(): void {
    const { coordinator, recorder, shards, leases } = this.world;
    const expected = recorder.records.length;
    if (coordinator.version !== expected) throw new Error(`version ${coordinator.version}, not ${expected}`);
    for (const { index, version } of shards) {
      if (version !== expected) throw new Error(`shard ${index} is at version ${version}, not ${expected}`);
    }
    let samples = 0;
    for (const lease of recorder.applied) samples += leases.get(lease)?.terms.samples ?? NaN;
    if (coordinator.samples !== samples) throw new Error(`${coordinator.samples} samples, not ${samples}`);
  }

  /**
   * Every device that does its work gets more of it, though nobody asks for it but by the rule [LS9]: all but those
   * that the server has found faulty, that have left, and that a plan keeps in reserve.
   */
  #checkNobodyStarves(): void {
    this.#note('does anybody starve?');
    const states = () => new Map(this.world.crowd.records().map(({ device, state }) => [device, state]));
    const reserve = () => {
      const { devices } = this.world.placement.report();
      return new Set(devices.filter(({ role }) => !ROLES[role].works).map(({ device }) => device));
    };
    const before = states();
    const waiting = new Map(
      [...this.#here]
        .filter((device) => device.works && before.get(device.id) !== 'left')
        .map((device) => [device, device.leases.length]),
    );
    for (let passed = 0; ; passed += 100) {
      const now = states();
      for (const [device, leases] of waiting) {
        const isSpared = now.get(device.id) === 'faulty' || reserve().has(device.id);
        if (device.leases.length > leases || isSpared) waiting.delete(device);
      }
      const [hungry] = waiting.keys();
      if (hungry === undefined) return;
      if (passed > PROGRESS_MS) throw new Error(`${hungry.id} starves: ${String(now.get(hungry.id))}`);
      this.world.pass(100);
    }
  }

  /** Nobody has held the others up for good: an honest device that comes now gets its work decided. */
  #checkProgress(): void {
    this.#note('an honest device');
    for (const device of [...this.#here]) {
      if (this.#here.size >= MAX_DEVICES || this.#random.below(2) === 0) this.#vanish(device);
    }
    this.world.coordinator.start();
    this.#checkNobodyStarves();
    const honest = this.world.device({ unitMs: 100 }).join().ready();
    // Under a tight bound on staleness a device that is slower than the rest may be STALE each time, and in a round
    // that lacks workers one that is faster may be KEPT each time.
    const isHeard = () => honest.answers.some(({ outcome }) => HEARD.includes(outcome));
    for (let passed = 0; !isHeard(); passed += 100) {
      if (passed > PROGRESS_MS) throw new Error('an honest device waits');
      this.world.pass(100);
    }
  }

  /** The run stops: every request has its answer and nothing is held. */
  #finish(): void {
    this.#checkProgress();
    const { coordinator, wire, clock, ledger, shards } = this.world;
    this.#note('the end');
    coordinator.stop();
    wire.drain();
    clock.advance(NO_LEASE_MS);
    wire.drain();
    this.#checkStep();
    if (ledger.unanswered > 0) throw new Error(`${ledger.unanswered} requests have no answer`);
    if (shards.some(({ held }) => held > 0)) throw new Error('a shard holds on to something');
    this.#checkAnswers();
    const parameters = this.world.parameters;
    const plain = this.world.plain().at(-1);
    if (parameters.some((value, index) => value !== plain?.[index]))
      throw new Error('not what a replay gives');
  }

  #checkAnswers(): void {
    for (const { answers } of this.world.devices) {
      for (const { lease, outcome, first } of answers) this.#checkTold(lease, first ?? outcome);
    }
  }

  /** What a device is told about a lease is what became of it. */
  #checkTold(lease: number, outcome: string): void {
    const { applied, refused } = this.world.recorder;
    if (DECIDES_NOTHING.includes(outcome)) return;
    const truth = applied.has(lease) ? 'APPLIED' : refused.get(lease);
    if (truth !== outcome) throw new Error(`lease ${lease}: told ${outcome}, but it is ${String(truth)}`);
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  #note(what: string): void {
    this.#history.push(`${this.world.clock.now()} ms: ${what}`);
  }
}
