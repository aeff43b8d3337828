import { CODECS } from '../../../shared/codec/codecs.ts';
import { joinSlices, sliceOf } from '../../../shared/model/ranges.ts';
import { hasToAsk, leavesLeaseOpen, versionBrought } from '../../../client/device/asking.ts';
import {
  PROFILE_VERSION,
  UNKNOWN_CONDITIONS,
  type CapabilityProfile,
  type Conditions,
  type EngineReport,
} from '../../../shared/profile/profile.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import type { Lease, SignedTerms } from '../../../shared/protocol/messages.ts';
import type { DeviceSession, Joined } from '../crowd/crowd.ts';
import type { SliceAnswer } from '../shard/shard.ts';
import { DeviceLink } from './deviceLink.ts';
import { gradientOf } from './plainModel.ts';
import type { DeviceWorld } from './deviceWorld.ts';

export const PROFILE: CapabilityProfile = {
  version: PROFILE_VERSION,
  agent: 'scripted',
  formFactor: 'server',
  cores: 1,
  memoryGiB: null,
  labels: {},
  secureContext: true,
  engine: null,
  trials: [],
  workers: 1,
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
  /** It shows the join credential; no where it is not said. */
  vouched?: boolean;
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
  /** What those values are said to be encoded to. */
  payload?: (values: Float32Array) => Uint8Array;
}

/** A device without sockets that keeps to the protocol unless a test makes it lie. */
export class ScriptedDevice {
  readonly leases: Lease[] = [];
  readonly answers: PushAnswer[] = [];
  joined: Joined | null = null;
  /** How often a newer connection took this one's place. */
  replaced = 0;
  /** How often its connection was closed because it is barred. */
  barred = 0;
  readonly #vouched: boolean;
  readonly #world: DeviceWorld;
  readonly #unitMs: number | null;
  readonly #workers: number;
  #profile: CapabilityProfile;
  #msPerSample: number | null;
  #engine: EngineReport['name'] = 'scripted';
  readonly #link: DeviceLink;
  #weights: { version: number; slices: Float32Array[] } | null = null;

  constructor(
    world: DeviceWorld,
    number: number,
    { unitMs = 100, msPerSample, workers = 1, profile = {}, vouched = false }: DeviceScript,
  ) {
    this.#world = world;
    this.#link = new DeviceLink(world, `device-${number}/`);
    this.#unitMs = unitMs;
    this.#workers = workers;
    this.#vouched = vouched;
    this.#profile = { ...PROFILE, ...profile };
    this.#msPerSample = msPerSample ?? null;
  }

  get session(): DeviceSession {
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

  /** Whether it does its leases without being told to. */
  get works(): boolean {
    return this.#unitMs !== null;
  }

  /** What the server's end of its connection does in the moment in which a shard answers. */
  set answering(act: () => void) {
    this.#link.answering = act;
  }

  join(resume?: { device: string; token: string }): this {
    this.#link.connect();
    const { connection } = this.#link;
    const { leases } = this.#world;
    const joined = this.#world.crowd.join(
      this.#profile,
      resume,
      {
        lease: (lease) => {
          leases.set(lease.terms.lease, lease);
          this.#link.deliver(connection, () => this.#take(lease));
        },
        replaced: () => this.replaced++,
        barred: () => this.barred++,
      },
      { kept: null, vouched: this.#vouched },
    );
    this.joined = typeof joined === 'string' ? null : joined;
    this.#weights = null;
    return this;
  }

  /** Joins again over a new connection, under the same id unless the token is wrong. */
  resume(token = this.joined?.token ?? ''): this {
    const device = this.id;
    this.#link.cut();
    return this.join({ device, token });
  }

  /** Asks for work for so many workers. */
  ready(workers = this.#workers): this {
    const { trials, conditions } = this.#profile;
    const engine = { name: this.#engine, detail: '', software: true };
    this.#world.crowd.asks(this.session, { engine, trials, workers, conditions });
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
    this.#world.crowd.leave(this.session);
  }

  release(lease = this.lease): string {
    return this.#world.coordinator.release(this.session, lease.terms.lease);
  }

  /** The connection ends, and what was under way on it is lost. */
  vanish(): void {
    this.#link.cut();
    this.#world.crowd.disconnect(this.session);
  }

  /** The server died: nobody hears of the end of its connection, and what it was told is of a run that is over. */
  cutOff(): void {
    this.#link.cut();
    this.leases.length = 0;
    this.answers.length = 0;
  }

  /** Its tensors travel by a data channel from now on. */
  openChannel(): void {
    this.#link.openChannel();
  }

  /** The data channel ends, and what is under way on it is lost. */
  loseChannel(): void {
    this.#link.loseChannel();
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
      if (shards?.includes(index) ?? true)
        this.#pushSlice(index, lease, gradient, tampering, () => undefined);
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
    let isOver = false;
    const take = (shard: number, { slice, version }: SliceAnswer) => {
      if (isOver) return;
      if (slice === undefined || version !== baseVersion) {
        isOver = true;
        this.#giveUp(lease);
        return;
      }
      slices[shard] = slice;
      const whole = slices.flatMap((each) => each ?? []);
      if (whole.length === slices.length) this.#train(lease, whole);
    };
    for (const shard of this.#world.shards) {
      this.#link.ask({
        shard: shard.index,
        what: 'pull',
        request: (reply) => shard.pull(baseVersion, reply),
        answered: (answer) => take(shard.index, answer),
      });
    }
  }

  #train(lease: Lease, slices: Float32Array[]): void {
    const gradient = gradientOf(joinSlices(this.#world.ranges, slices), lease.unit);
    const { connection } = this.#link;
    const unitMs = this.#msPerSample === null ? this.#unitMs : this.#msPerSample * lease.terms.samples;
    this.#world.clock.after(unitMs ?? 0, () => {
      if (connection === this.#link.connection) this.#handIn(lease, gradient);
    });
  }

  /** Pushes every slice at once; what comes next follows from the answers [LS9]. */
  #handIn(lease: Lease, gradient: Float32Array): void {
    const answers: (PushAnswer | undefined)[] = this.#world.shards.map(() => undefined);
    let isOver = false;
    const take = (answer: PushAnswer) => {
      if (isOver) return;
      answers[answer.shard] = answer;
      const here = answers.flatMap((each) => each ?? []);
      if (leavesLeaseOpen(answer.outcome)) {
        isOver = true;
        this.#giveUp(lease);
      } else if (here.length === answers.length) {
        isOver = true;
        this.#heard(here);
      }
    };
    for (const { index } of this.#world.shards) this.#pushSlice(index, lease, gradient, {}, take);
  }

  /** Keeps the weights that came along, and asks for work where it has to. */
  #heard(answers: PushAnswer[]): void {
    const brought = answers.map(({ outcome, version }) => ({ outcome, version: version ?? null }));
    const version = versionBrought(brought, this.#world.shards.length);
    if (version !== null) this.#weights = { version, slices: answers.flatMap(({ slice }) => slice ?? []) };
    if (hasToAsk({ type: 'answered', version })) this.ready();
  }

  #giveUp(lease: Lease): void {
    this.release(lease);
    if (hasToAsk({ type: 'released' })) this.ready();
  }

  #pushSlice(
    index: number,
    lease: Lease,
    gradient: Float32Array,
    tampering: Tampering,
    answered: (answer: PushAnswer) => void,
  ): void {
    const shard = this.#world.shards[index];
    if (shard === undefined) throw new Error(`no shard ${index}`);
    const terms = { ...lease.terms, ...tampering.terms };
    const truth = sliceOf(gradient, shard.range).slice();
    const values = tampering.values?.(truth) ?? truth;
    const header: FrameHeader = {
      kind: terms.kind,
      codec: terms.codec,
      incarnation: parseInt(terms.incarnation, 16),
      baseVersion: terms.baseVersion,
      lease: terms.lease,
      shard: index,
      samples: terms.samples,
      offset: shard.range.offset,
      length: values.length,
      ...tampering.header,
    };
    const payload = tampering.payload?.(values) ?? CODECS[header.codec].encode(values);
    const device = this.id;
    this.#link.ask({
      shard: index,
      what: 'push',
      request: (reply) => shard.push(device, terms, { header, payload }, reply),
      answered: (given) => {
        const answer: PushAnswer = { ...given, lease: terms.lease, shard: index };
        this.answers.push(answer);
        answered(answer);
      },
    });
  }
}
