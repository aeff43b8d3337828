import { WEIGHTS_CODEC } from '../../shared/codec/codecs.ts';
import type { ShardAnswer } from '../../shared/protocol/messages.ts';
import { encodePack } from '../../shared/protocol/pack.ts';
import { hostAccessToken, sameSecret } from '../core/mac.ts';
import { ShardGroup, type GroupAnswer } from '../core/shard/shardGroup.ts';
import { TrafficMeter } from './trafficMeter.ts';

/** Who a shard host is, as its devices know it. */
export interface HostIdentity {
  /** As in the shard map. */
  url: string;
  /** Secret: what access tokens are made with. */
  accessKey: Uint8Array;
}

/** What a shard host has of one run. */
export class HostedRun {
  readonly group = new ShardGroup();
  readonly meter = new TrafficMeter();
  /** A version's slices become a pack once, however many devices are given it; by the first slice. */
  readonly #packs = new WeakMap<Float32Array, Uint8Array<ArrayBuffer>>();
  readonly #incarnation: number;

  /** @param incarnation 8 hex digits. */
  constructor(incarnation: string) {
    this.#incarnation = parseInt(incarnation, 16);
  }

  encode({ slices, ...answer }: GroupAnswer): ShardAnswer {
    const [first] = slices ?? [];
    if (first === undefined || slices === undefined) return answer;
    const weights = this.#packs.get(first) ?? this.#pack(slices, answer.version ?? 0);
    this.#packs.set(first, weights);
    return { ...answer, weights };
  }

  #pack(slices: readonly Float32Array[], version: number): Uint8Array<ArrayBuffer> {
    const frames = this.group.shards.map(({ index, range }, place) => ({
      header: {
        kind: 'weights' as const,
        codec: WEIGHTS_CODEC,
        incarnation: this.#incarnation,
        baseVersion: version,
        lease: 0,
        shard: index,
        offset: range.offset,
        length: range.length,
        samples: 0,
      },
      values: slices[place] ?? new Float32Array(range.length),
    }));
    return encodePack(frames);
  }
}

/** The runs that a shard host has shards of, by incarnation, and who may talk to it. */
export class HostedRuns {
  readonly #host: HostIdentity;
  readonly #runs = new Map<string, HostedRun>();

  constructor(host: HostIdentity) {
    this.#host = host;
  }

  /** Whether a device may talk to this host [AU1]. */
  admits(device: string, token: string): boolean {
    const { accessKey, url } = this.#host;
    return sameSecret(token, hostAccessToken(accessKey, url, device));
  }

  get(incarnation: string): HostedRun | undefined {
    return this.#runs.get(incarnation);
  }

  all(): [incarnation: string, run: HostedRun][] {
    return [...this.#runs];
  }

  /** The run of an incarnation, where it is not here yet without shards. */
  open(incarnation: string): HostedRun {
    const run = this.#runs.get(incarnation) ?? new HostedRun(incarnation);
    this.#runs.set(incarnation, run);
    return run;
  }

  /** Ends one run here, and no other: what it holds is answered WITHDRAWN. */
  close(incarnation: string): void {
    this.#runs.get(incarnation)?.group.abandon();
    this.#runs.delete(incarnation);
  }

  closeAll(): void {
    for (const incarnation of this.#runs.keys()) this.close(incarnation);
  }
}
