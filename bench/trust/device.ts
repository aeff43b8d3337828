import { hasToAsk, leavesLeaseOpen } from '../../client/device/asking.ts';
import { CODECS } from '../../shared/codec/codecs.ts';
import { joinSlices, sliceOf } from '../../shared/model/ranges.ts';
import { PROFILE_VERSION, UNKNOWN_CONDITIONS, type CapabilityProfile } from '../../shared/profile/profile.ts';
import type { Lease, Ready } from '../../shared/protocol/messages.ts';
import type { Training } from '../../server/app/training.ts';
import type { Clock } from '../../server/core/clock.ts';
import type { DeviceSession } from '../../server/core/crowd/crowd.ts';
import type { GroupAnswer, ShardGroup } from '../../server/core/shard/shardGroup.ts';

const PROFILE: CapabilityProfile = {
  version: PROFILE_VERSION,
  agent: 'bench:trust',
  formFactor: 'desktop',
  cores: 1,
  memoryGiB: null,
  labels: {},
  secureContext: true,
  engine: null,
  trials: [],
  workers: 1,
  conditions: UNKNOWN_CONDITIONS,
};
const READY: Ready = {
  engine: { name: 'wasm', detail: 'SIMD', software: false },
  trials: [],
  workers: 1,
  conditions: UNKNOWN_CONDITIONS,
};

/** A server in this process, as a device reaches it. */
export interface Server {
  training: Training;
  group: ShardGroup;
  clock: Clock;
  /** Whether those who join show the operator's join credential. */
  vouched: boolean;
}

/** What a device does with a lease, and in what time. */
export interface Behaviour {
  /** Begins at once. @param parameters of the lease's base version. */
  update: (lease: Lease, parameters: Float32Array) => Promise<Float32Array>;
  /** From lease to push. */
  milliseconds: (lease: Lease) => number;
}

/** A device of one worker in the process of its server: the protocol without sockets. */
export class Device {
  readonly #server: Server;
  readonly #behaviour: Behaviour;
  #session: DeviceSession;
  /** Units that it sent. */
  units = 0;
  samples = 0;

  /** Joins and asks for work. */
  constructor(server: Server, behaviour: Behaviour) {
    this.#server = server;
    this.#behaviour = behaviour;
    this.#session = this.#join();
    this.#ask();
  }

  get id(): string {
    return this.#session.device;
  }

  /** The server gives it no work any more. */
  get isBarred(): boolean {
    return this.#server.training.crowd.get(this.id)?.works !== true;
  }

  /** Its connection ends. */
  disconnect(): void {
    this.#server.training.crowd.disconnect(this.#session);
  }

  #join(): DeviceSession {
    const port = {
      lease: (lease: Lease) => this.#take(lease),
      replaced: () => undefined,
      barred: () => undefined,
    };
    const joined = this.#server.training.crowd.join(PROFILE, undefined, port, {
      kept: null,
      vouched: this.#server.vouched,
    });
    if (typeof joined === 'string') throw new Error(`bench:trust: a device could not join: ${joined}`);
    return joined.session;
  }

  #ask(): void {
    this.#server.training.crowd.asks(this.#session, READY);
  }

  #take(lease: Lease): void {
    const { group, clock, training } = this.#server;
    const begun = clock.now();
    group.pull(lease.terms.baseVersion, ({ slices }) => {
      if (slices === undefined) throw new Error('bench:trust: a leased version is not kept');
      const parameters = joinSlices(training.ranges, slices);
      void this.#behaviour.update(lease, parameters).then((update) => {
        const left = this.#behaviour.milliseconds(lease) - (clock.now() - begun);
        clock.after(Math.max(0, left), () => this.#push(lease, update));
      });
    });
  }

  #push({ terms }: Lease, update: Float32Array): void {
    const { group } = this.#server;
    const frames = group.shards.map(({ index, range, incarnation }) => {
      const values = sliceOf(update, range);
      const { kind, codec, baseVersion, lease, samples } = terms;
      const header = { kind, codec, baseVersion, lease, samples, shard: index, ...range };
      return {
        header: { ...header, incarnation: parseInt(incarnation, 16) },
        payload: CODECS[codec].encode(values),
      };
    });
    this.units++;
    this.samples += terms.samples;
    group.push(this.id, terms, frames, (answer) => this.#heard(terms.lease, answer));
  }

  #heard(lease: number, { outcome, version }: GroupAnswer): void {
    const { coordinator } = this.#server.training;
    const isReleased = leavesLeaseOpen(outcome);
    if (isReleased) coordinator.release(this.#session, lease);
    if (hasToAsk(isReleased ? { type: 'released' } : { type: 'answered', version: version ?? null }))
      this.#ask();
  }
}
