import type { KeyRange } from '../../../shared/model/ranges.ts';
import { valuesOf, type EncodedFrame } from '../../../shared/protocol/frame.ts';
import { macOfTerms, sameSecret } from '../mac.ts';
import type { SignedTerms } from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import { combine } from '../aggregation/combine.ts';
import { DeviceMomentum } from './deviceMomentum.ts';
import { EvidenceKeeper, type Evidence } from './evidence.ts';
import { blockProducts, blockSquares } from './norms.ts';
import type { Clock } from '../clock.ts';
import { RecentMap } from '../recentMap.ts';
import type { MarkedState, ShardInit, ShardPort, ShardReports, ShardSnapshot, Traffic } from './shardPort.ts';
import { ShardState } from './shardState.ts';
import type { CommitRecord, RecordOf, RecordType } from './records.ts';
import type { VersionRing } from './versionRing.ts';

/** A shard's answer to a push or a pull. The slice of a version is one array: do not change it. */
export interface SliceAnswer {
  outcome: Outcome;
  reason?: string;
  /** With DUPLICATE: what was answered first. */
  first?: Outcome;
  version?: number;
  slice?: Float32Array;
}

type Answer = (answer: SliceAnswer) => void;

interface Decided {
  outcome: Outcome;
  /** Somebody was told. */
  answered: boolean;
  /** Of the weights that went with the answer; null where none did. */
  version: number | null;
}

/** How many decided leases are remembered, so that a repeated push is told its first outcome. */
const REMEMBERED_LEASES = 4096;
/** How long a pull may wait for a version that the coordinator has decided and this shard has not applied. */
const PULL_PATIENCE_MS = 5000;

/**
 * A parameter server that owns one key range: a deterministic state machine of staged slices and commit
 * records. It never decides; it holds each push's answer until the coordinator has.
 */
export class Shard implements ShardPort {
  readonly index: number;
  readonly range: KeyRange;
  readonly incarnation: string;
  readonly #opening: ShardInit;
  readonly #clock: Clock;
  readonly #reports: ShardReports;
  readonly #state: ShardState;
  readonly #versions: VersionRing;
  /** How a record of each type makes its version. */
  readonly #makers: { [Type in RecordType]: (record: RecordOf<Type>) => void } = {
    update: (record) => this.#update(record),
    configure: ({ version, changes }) => this.#state.configure(version, changes),
    restore: ({ version, of }) => {
      this.#state.restore(version, of);
      this.#momentum.clear();
    },
  };
  /** `kept`: the push is answered at once, before the lease is decided. */
  readonly #staged = new Map<
    number,
    { device: string; values: Float32Array; answers: Answer[]; kept: boolean }
  >();
  readonly #evidence = new EvidenceKeeper();
  readonly #momentum: DeviceMomentum;
  readonly #decided = new RecentMap<number, Decided>(REMEMBERED_LEASES);
  readonly #awaited = new Set<{ version: number; settle: (applied: boolean) => void }>();
  readonly traffic: Traffic = { bytesUp: 0, bytesDown: 0 };

  constructor(opening: ShardInit, clock: Clock, reports: ShardReports) {
    const range = opening.ranges[opening.index];
    if (range?.length !== opening.parameters.length)
      throw new RangeError('shard: parameters do not fill its range');
    this.index = opening.index;
    this.range = range;
    this.incarnation = opening.incarnation;
    this.#opening = opening;
    this.#clock = clock;
    this.#reports = reports;
    this.#state = new ShardState(opening);
    this.#momentum = new DeviceMomentum(opening.deviceMomentum, range.length);
    this.#versions = this.#state.versions;
  }

  get version(): number {
    return this.#versions.newest;
  }

  /** Leases with a slice staged, and pulls that wait: what has not been answered yet. */
  get held(): number {
    return this.#staged.size + this.#awaited.size;
  }

  /** Stages a slice and holds the answer until its lease is decided; what can never be applied is answered at once. */
  push(device: string, terms: SignedTerms, frame: EncodedFrame, answer: Answer): void {
    this.traffic.bytesUp += frame.payload.byteLength;
    const { mac, ...signed } = terms;
    const genuine = sameSecret(mac, macOfTerms(this.#opening.key, signed, this.#opening.ranges));
    // The MAC holds for this incarnation alone: it has a key of its own, and its name is in it.
    if (!genuine || terms.device !== device) {
      answer({ outcome: 'UNKNOWN_LEASE', reason: 'these terms were not granted to this device' });
      return;
    }
    const decided = this.#decided.get(terms.lease);
    if (decided !== undefined) {
      const told: SliceAnswer = decided.answered
        ? { outcome: 'DUPLICATE', first: decided.outcome }
        : { outcome: decided.outcome };
      decided.answered = true;
      this.#answerWith(answer, { ...told, ...this.#weightsAfter(decided.version) });
      return;
    }
    const held = this.#staged.get(terms.lease);
    if (held !== undefined) {
      if (held.kept) answer({ outcome: 'KEPT' });
      else held.answers.push(answer);
      return;
    }
    const fault = this.#faultOf(terms, frame);
    if (fault !== null) {
      this.#reject(terms.lease, fault.outcome);
      answer(fault);
      return;
    }
    const update = valuesOf(frame);
    if (update === null) {
      this.#reject(terms.lease, 'WRONG_SHAPE');
      answer({ outcome: 'WRONG_SHAPE', reason: 'the payload does not hold its length' });
      return;
    }
    const values = this.#momentum.next(device, update);
    const squares = blockSquares(values);
    if (!squares.every(Number.isFinite)) {
      this.#reject(terms.lease, 'NOT_FINITE');
      answer({ outcome: 'NOT_FINITE', reason: 'the slice has a NaN or an infinity' });
      return;
    }
    const products = blockProducts(values, this.#opening.products ? this.#staged : new Map());
    this.#staged.set(terms.lease, { device, values, answers: [answer], kept: false });
    this.#evidence.staged(terms.lease, update);
    this.#reports.staged(terms.lease, this.index, squares, products);
  }

  /** The slice of one version; waits a little for one that is on its way. */
  pull(version: number, answer: Answer): void {
    const slice = this.#versions.get(version);
    if (slice !== undefined) {
      this.#answerWith(answer, { outcome: 'OK', version, slice });
    } else if (version > this.version) {
      this.#await(version, answer);
    } else {
      answer({ outcome: 'VERSION_GONE', reason: `version ${version} is no longer kept` });
    }
  }

  commit(record: CommitRecord): void {
    if (record.version !== this.version + 1) {
      throw new Error(
        `shard ${this.index}: commit ${record.version} does not follow version ${this.version}`,
      );
    }
    this.#make(record);
    for (const waiting of [...this.#awaited]) {
      if (waiting.version <= record.version) waiting.settle(true);
    }
  }

  refuse(lease: number, outcome: Outcome, version: number | null): void {
    // Refused as applied: it was, and has been forgotten here since.
    const answer: SliceAnswer =
      outcome === 'APPLIED' ? { outcome: 'DUPLICATE', first: outcome } : { outcome };
    this.#decide(lease, outcome, version, answer);
  }

  keep(lease: number): void {
    const staged = this.#staged.get(lease);
    if (staged === undefined) return;
    staged.kept = true;
    for (const answer of staged.answers.splice(0)) answer({ outcome: 'KEPT' });
  }

  pin(lease: number, version: number): void {
    this.#versions.pin(lease, version);
  }

  keepEvidence(lease: number, version: number): void {
    this.#evidence.keep(lease, this.#versions.get(version));
  }

  evidence(lease: number): Promise<Evidence | null> {
    return Promise.resolve(this.#evidence.of(lease));
  }

  dropEvidence(lease: number): void {
    this.#evidence.drop(lease);
  }

  mark(): void {
    this.#state.mark();
  }

  load(state: MarkedState): Promise<void> {
    this.#state.load(state);
    return Promise.resolve();
  }

  keepMarks(versions: number[]): void {
    this.#state.keepMarks(versions);
  }

  snapshot(): Promise<ShardSnapshot> {
    return Promise.resolve(this.#state.snapshot());
  }

  /** Answers everything that is held: the coordinator is gone and nothing will be decided any more. */
  abandon(): void {
    for (const lease of [...this.#staged.keys()]) this.#decide(lease, 'WITHDRAWN', null);
    for (const waiting of [...this.#awaited]) waiting.settle(false);
    this.#evidence.clear();
  }

  #make<Type extends RecordType>(record: RecordOf<Type>): void {
    this.#makers[record.type](record);
  }

  #update({ version, rule, members }: RecordOf<'update'>): void {
    const slices = members.map(({ lease, weight }) => {
      const staged = this.#staged.get(lease);
      if (staged === undefined)
        throw new Error(`shard ${this.index}: commit of lease ${lease}, which is not staged`);
      this.#momentum.applied(staged.device, staged.values);
      return { values: staged.values, weight };
    });
    this.#state.update(version, combine(rule, slices, this.range.length));
    for (const { lease } of members) this.#decide(lease, 'APPLIED', version);
  }

  #faultOf(terms: SignedTerms, { header }: EncodedFrame): { outcome: Outcome; reason: string } | null {
    const wrong = (reason: string) => ({ outcome: 'WRONG_SHAPE' as const, reason });
    if (
      header.shard !== this.index ||
      header.offset !== this.range.offset ||
      header.length !== this.range.length
    ) {
      return wrong(`shard ${this.index} owns ${this.range.length} elements from ${this.range.offset}`);
    }
    if (header.lease !== terms.lease || header.incarnation !== parseInt(this.incarnation, 16)) {
      return wrong('the frame is of another lease or run');
    }
    if (
      header.kind !== terms.kind ||
      header.codec !== terms.codec ||
      header.samples !== terms.samples ||
      header.baseVersion !== terms.baseVersion
    ) {
      return wrong('kind, codec, samples or base version are not what was leased');
    }
    return null;
  }

  #reject(lease: number, outcome: Outcome): void {
    this.#decided.set(lease, { outcome, answered: true, version: null });
    this.#versions.unpin(lease);
    this.#reports.rejected(lease, this.index, outcome);
  }

  /** Frees what a lease has here and answers the pushes that wait for it. The first decision stands. */
  #decide(lease: number, outcome: Outcome, version: number | null, told: SliceAnswer = { outcome }): void {
    this.#versions.unpin(lease);
    const staged = this.#staged.get(lease);
    this.#staged.delete(lease);
    if (this.#decided.get(lease) === undefined) {
      // The worker of a kept update asks on its own: weights with a late answer would tell it not to [LS18].
      const brought = staged?.kept === true ? null : version;
      this.#decided.set(lease, { outcome, answered: staged !== undefined, version: brought });
    }
    const weights = this.#weightsAfter(version);
    for (const answer of staged?.answers ?? []) this.#answerWith(answer, { ...told, ...weights });
  }

  /** The weights of a version, or the newest where it is no longer kept: a repeated push may come late. */
  #weightsAfter(version: number | null): Pick<SliceAnswer, 'version' | 'slice'> {
    if (version === null) return {};
    const kept = this.#versions.get(version) === undefined ? this.version : version;
    const slice = this.#versions.get(kept);
    return slice === undefined ? {} : { version: kept, slice };
  }

  #answerWith(answer: Answer, content: SliceAnswer): void {
    this.traffic.bytesDown += content.slice?.byteLength ?? 0;
    answer(content);
  }

  #await(version: number, answer: Answer): void {
    const waiting = {
      version,
      settle: (applied: boolean) => {
        cancel();
        this.#awaited.delete(waiting);
        if (applied) this.pull(version, answer);
        else answer({ outcome: 'VERSION_GONE', reason: `version ${version} is not here yet` });
      },
    };
    const cancel = this.#clock.after(PULL_PATIENCE_MS, () => waiting.settle(false));
    this.#awaited.add(waiting);
  }
}
