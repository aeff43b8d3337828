import { joinSlices, sliceOf } from '../../../shared/model/ranges.ts';
import {
  PROFILE_VERSION,
  UNKNOWN_CONDITIONS,
  type CapabilityProfile,
  type Conditions,
  type EngineReport,
} from '../../../shared/profile/profile.ts';
import type { Frame, FrameHeader } from '../../../shared/protocol/frame.ts';
import type { Lease, SignedTerms } from '../../../shared/protocol/messages.ts';
import type { Joined, Session } from '../coordinator.ts';
import type { SliceAnswer } from '../shard.ts';
import { gradientOf } from './plainModel.ts';
import type { World } from './world.ts';

export const PROFILE: CapabilityProfile = {
  ...{ version: PROFILE_VERSION, agent: 'scripted', formFactor: 'server', cores: 1, memoryGiB: null },
  ...{ labels: {}, secureContext: true, engine: null, trials: [], workers: 1 },
  conditions: UNKNOWN_CONDITIONS,
};

export interface DeviceScript {
  /** Milliseconds a unit takes; null: it takes leases and hands in nothing unless told to. */
  unitMs?: number | null;
  /** In place of that: what each sample of a unit takes. */
  msPerSample?: number;
  workers?: number;
  /** What it says of itself that others do not. */
  profile?: Partial<CapabilityProfile>;
}

export interface PushAnswer extends SliceAnswer {
  lease: number;
  shard: number;
}

/** What to send instead of the truth. */
export interface Tampering {
  terms?: Partial<SignedTerms>;
  header?: Partial<FrameHeader>;
  values?: (values: Float32Array) => Float32Array;
}

/** A device without sockets that keeps to the protocol unless a test makes it lie. */
export class ScriptedDevice {
  readonly leases: Lease[] = [];
  readonly answers: PushAnswer[] = [];
  joined: Joined | null = null;
  /** What the server's end of its connection does in the moment in which a shard answers. */
  answering: () => void = () => undefined;
  /** How often a newer connection took this one's place. */
  replaced = 0;
  readonly #world: World;
  readonly #name: string;
  readonly #unitMs: number | null;
  readonly #workers: number;
  #profile: CapabilityProfile;
  #msPerSample: number | null;
  #engine: EngineReport['name'] = 'scripted';
  #connection = 0;
  #weights: { version: number; slices: Float32Array[] } | null = null;

  constructor(
    world: World,
    number: number,
    { unitMs = 100, msPerSample, workers = 1, profile = {} }: DeviceScript,
  ) {
    this.#world = world;
    this.#name = `device-${number}/`;
    this.#unitMs = unitMs;
    this.#workers = workers;
    this.#profile = { ...PROFILE, ...profile };
    this.#msPerSample = msPerSample ?? null;
  }

  get session(): Session {
    if (this.joined === null) throw new Error('has not joined');
    return this.joined.session;
  }

  get id(): string {
    return this.session.device;
  }

  /** The newest lease. */
  get lease(): Lease {
    const lease = this.leases.at(-1);
    if (lease === undefined) throw new Error('has no lease');
    return lease;
  }

  /** What was answered to the pushes of a lease, in the order of arrival. */
  outcomes(lease = this.lease): string[] {
    return this.answers.filter((answer) => answer.lease === lease.terms.lease).map(({ outcome }) => outcome);
  }

  join(resume?: { device: string; token: string }): this {
    this.#connection++;
    const joined = this.#world.coordinator.join(this.#profile, resume, {
      lease: (lease) => {
        this.#world.leases.set(lease.terms.lease, lease);
        this.#world.wire.send(this.#link('coordinator'), () => this.#take(lease));
      },
      replaced: () => this.replaced++,
    });
    this.joined = joined === 'FULL' ? null : joined;
    this.#weights = null;
    return this;
  }

  /** Joins again over a new connection, under the same id unless the token is wrong. */
  resume(token = this.joined?.token ?? ''): this {
    const device = this.id;
    this.#world.wire.cut(this.#name);
    return this.join({ device, token });
  }

  /** Asks for work for so many workers. */
  ready(workers = this.#workers): this {
    const { trials, conditions } = this.#profile;
    const engine = { name: this.#engine, detail: '', software: true };
    this.#world.coordinator.ready(this.session, { engine, trials, workers, conditions });
    return this;
  }

  /** Its conditions are others from now on, and it says so. */
  tell(conditions: Conditions): void {
    this.#profile = { ...this.#profile, conditions };
    this.ready();
  }

  /** It trains with another engine from now on, and says so. */
  takeUp(engine: EngineReport['name'], msPerSample: number): void {
    this.#engine = engine;
    this.#msPerSample = msPerSample;
    this.ready();
  }

  /** What each sample takes from now on. */
  setPace(msPerSample: number): void {
    this.#msPerSample = msPerSample;
  }

  leave(): void {
    this.#world.coordinator.leave(this.session);
  }

  release(lease = this.lease): string {
    return this.#world.coordinator.release(this.session, lease.terms.lease);
  }

  /** The connection ends, and what was under way on it is lost. */
  vanish(): void {
    this.#world.wire.cut(this.#name);
    this.#connection++;
    this.#world.coordinator.disconnect(this.session);
  }

  /** The true gradient of a lease, from the weights of its base version. */
  gradient(lease = this.lease, weights = this.#world.parametersAt(lease.terms.baseVersion)): Float32Array {
    return gradientOf(weights, lease.unit);
  }

  /** Pushes every slice, or those of some shards. */
  push(
    lease = this.lease,
    tampering: Tampering = {},
    gradient = this.gradient(lease),
    shards?: number[],
  ): void {
    this.#world.shards.forEach(({ index }) => {
      if (shards?.includes(index) ?? true) this.#pushSlice(index, lease, gradient, tampering);
    });
  }

  /** Pushes and lets the answers come in. */
  pushNow(...given: Parameters<ScriptedDevice['push']>): void {
    this.push(...given);
    this.#world.wire.drain();
  }

  #take(lease: Lease): void {
    this.leases.push(lease);
    if (this.#unitMs === null) return;
    const { baseVersion } = lease.terms;
    if (this.#weights?.version === baseVersion) this.#train(lease, this.#weights.slices);
    else this.#pull(lease);
  }

  #pull(lease: Lease): void {
    const { baseVersion } = lease.terms;
    const slices: (Float32Array | undefined)[] = this.#world.shards.map(() => undefined);
    for (const shard of this.#world.shards) {
      this.#ask(
        shard.index,
        (reply) => shard.pull(baseVersion, reply),
        'pull',
        ({ slice, version }) => {
          if (slice === undefined || version !== baseVersion) {
            this.release(lease);
            return;
          }
          slices[shard.index] = slice;
          const whole = slices.flatMap((each) => each ?? []);
          if (whole.length === slices.length) this.#train(lease, whole);
        },
      );
    }
  }

  #train(lease: Lease, slices: Float32Array[]): void {
    const gradient = gradientOf(joinSlices(this.#world.ranges, slices), lease.unit);
    const connection = this.#connection;
    const unitMs = this.#msPerSample === null ? this.#unitMs : this.#msPerSample * lease.terms.samples;
    this.#world.clock.after(unitMs ?? 0, () => {
      if (connection === this.#connection) this.push(lease, {}, gradient);
    });
  }

  #pushSlice(index: number, lease: Lease, gradient: Float32Array, tampering: Tampering): void {
    const shard = this.#world.shards[index];
    if (shard === undefined) throw new Error(`no shard ${index}`);
    const terms = { ...lease.terms, ...tampering.terms };
    const truth = sliceOf(gradient, shard.range).slice();
    const values = tampering.values?.(truth) ?? truth;
    const frame: Frame = {
      values,
      header: {
        ...{
          kind: terms.kind,
          codec: 'float32',
          run: parseInt(terms.run, 16),
          baseVersion: terms.baseVersion,
        },
        ...{ lease: terms.lease, shard: index, samples: terms.samples },
        ...{ offset: shard.range.offset, length: values.length },
        ...tampering.header,
      },
    };
    const device = this.id;
    this.#ask(
      index,
      (reply) => shard.push(device, terms, frame, reply),
      'push',
      (answer) => {
        this.answers.push({ ...answer, lease: terms.lease, shard: index });
        this.#heard(lease);
      },
    );
  }

  /** After the last answer of a lease: keep the weights that came along, or ask for more work. */
  #heard(lease: Lease): void {
    const answers = this.answers.filter((answer) => answer.lease === lease.terms.lease);
    const newest = this.#world.shards.flatMap(
      ({ index }) => answers.findLast(({ shard }) => shard === index) ?? [],
    );
    if (this.#unitMs === null || newest.length !== this.#world.shards.length) return;
    const slices = newest.flatMap(({ slice }) => slice ?? []);
    const version = newest[0]?.version;
    const isWhole = slices.length === newest.length && newest.every((answer) => answer.version === version);
    if (version !== undefined && isWhole) this.#weights = { version, slices };
    if (newest.some(({ outcome }) => outcome !== 'APPLIED')) this.ready();
  }

  #ask(
    shard: number,
    request: (reply: (answer: SliceAnswer) => void) => void,
    what: string,
    answered: (answer: SliceAnswer) => void,
  ): void {
    const [link, connection] = [this.#link(`shard-${shard}`), this.#connection];
    const reply = (answer: SliceAnswer) => {
      this.answering();
      // An answer to a connection that is gone reaches nobody.
      if (connection === this.#connection) this.#world.wire.send(`${link}/answers`, () => answered(answer));
    };
    this.#world.wire.send(link, () => request(this.#world.ledger.ask(`${what} of ${this.#name}`, reply)));
  }

  #link(to: string): string {
    return `${this.#name}${this.#connection}/${to}`;
  }
}
