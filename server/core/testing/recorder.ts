import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { Evidence } from '../shard/evidence.ts';
import type { CommitRecord, RecordOf } from '../shard/records.ts';
import type { MarkedState, ShardPort, ShardSnapshot, Traffic } from '../shard/shardPort.ts';
import type { Shard } from '../shard/shard.ts';

/** Counts the answers to requests; a second answer to one throws [PR1]. */
export class Ledger {
  #asked = 0;
  #answered = 0;

  get unanswered(): number {
    return this.#asked - this.#answered;
  }

  /** Enters a request. @returns `answer`, to be called once. */
  ask<Content>(what: string, answer: (content: Content) => void): (content: Content) => void {
    this.#asked++;
    let given = false;
    return (content) => {
      if (given) throw new Error(`${what} was answered twice`);
      given = true;
      this.#answered++;
      answer(content);
    };
  }
}

/** Everything the coordinator told the shards; throws where two of them are told different things. */
export class Recorder {
  readonly records: CommitRecord[] = [];
  readonly applied = new Set<number>();
  readonly refused = new Map<number, Outcome>();
  readonly #firstVersion: number;

  constructor(firstVersion: number) {
    this.#firstVersion = firstVersion;
  }

  commit(record: CommitRecord): void {
    const known = this.records[record.version - this.#firstVersion - 1];
    if (known !== undefined) {
      if (JSON.stringify(known) !== JSON.stringify(record))
        throw new Error('shards were told different commits');
      return;
    }
    if (record.version !== this.#firstVersion + this.records.length + 1)
      throw new Error('a gap in the versions');
    for (const { lease } of membersOf(record)) {
      if (this.applied.has(lease)) throw new Error(`lease ${lease} was applied twice`);
      if (this.refused.has(lease)) throw new Error(`lease ${lease} was refused, then applied`);
      this.applied.add(lease);
    }
    this.records.push(record);
  }

  /** The updates that became part of the model with a version. */
  membersAt(version: number): RecordOf<'update'>['members'] {
    const record = this.records[version - this.#firstVersion - 1];
    return record === undefined ? [] : membersOf(record);
  }

  refuse(lease: number, outcome: Outcome): void {
    if (this.applied.has(lease) && outcome === 'APPLIED') return; // Forgotten by the shard: a repeat.
    if (this.applied.has(lease)) throw new Error(`lease ${lease} was applied, then refused`);
    const before = this.refused.get(lease);
    if (before !== undefined && before !== outcome)
      throw new Error(`lease ${lease}: ${before}, then ${outcome}`);
    this.refused.set(lease, outcome);
  }
}

/** The updates that a record makes part of the model, in its order. */
function membersOf(record: CommitRecord): RecordOf<'update'>['members'] {
  return record.type === 'update' ? record.members : [];
}

/** A shard whose orders are recorded. */
export class RecordedShard implements ShardPort {
  readonly #shard: Shard;
  readonly #recorder: Recorder;

  constructor(shard: Shard, recorder: Recorder) {
    this.#shard = shard;
    this.#recorder = recorder;
  }

  get traffic(): Traffic {
    return this.#shard.traffic;
  }

  commit(record: CommitRecord): void {
    this.#recorder.commit(record);
    this.#shard.commit(record);
  }

  refuse(lease: number, outcome: Outcome, version: number | null): void {
    this.#recorder.refuse(lease, outcome);
    this.#shard.refuse(lease, outcome, version);
  }

  keep(lease: number): void {
    this.#shard.keep(lease);
  }

  pin(lease: number, version: number): void {
    this.#shard.pin(lease, version);
  }

  keepEvidence(lease: number, version: number): void {
    this.#shard.keepEvidence(lease, version);
  }

  evidence(lease: number): Promise<Evidence | null> {
    return this.#shard.evidence(lease);
  }

  dropEvidence(lease: number): void {
    this.#shard.dropEvidence(lease);
  }

  mark(): void {
    this.#shard.mark();
  }

  load(state: MarkedState): Promise<void> {
    return this.#shard.load(state);
  }

  keepMarks(versions: number[]): void {
    this.#shard.keepMarks(versions);
  }

  snapshot(): Promise<ShardSnapshot> {
    return this.#shard.snapshot();
  }
}
