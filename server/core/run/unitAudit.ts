import type { CodecName } from '../../../shared/codec/codecs.ts';
import { joinSlices, type KeyRange } from '../../../shared/model/ranges.ts';
import { ARITHMETICS, type Arithmetic, type ReportedEngine } from '../../../shared/profile/profile.ts';
import type { WorkUnit } from '../../../shared/protocol/messages.ts';
import type { AuditVerdict } from '../../../shared/protocol/trust.ts';
import type { Evidence } from '../shard/evidence.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import { samplesOf } from '../unit.ts';
import { RecomputationPace, type AuditBudget } from './auditBudget.ts';
import type { Comparison } from './comparison.ts';
import type { AuditTask, Recompute } from './recomputation.ts';
import { verdictOf } from './tolerances.ts';

export interface UnitAuditParts {
  /** Of the run: what its devices compute with, and the server first. */
  arithmetic: Arithmetic;
  /** In which updates travel. */
  codec: CodecName;
  recompute: Recompute;
  budget: AuditBudget;
  /** In the order of the key ranges. */
  shards: readonly ShardPort[];
  ranges: KeyRange[];
}

/** What is audited: the unit of a lease, computed with the engine that its device reports. */
export interface AuditedUnit {
  lease: number;
  unit: WorkUnit;
  engine: ReportedEngine | null;
}

/** A unit that takes the server longer is not audited: all others would wait for it. */
const LONGEST_UNIT_MS = 10_000;

/** Audits one unit at a time: has it computed again, and judges the update by that. */
export class UnitAudit {
  readonly #parts: UnitAuditParts;
  readonly #pace = new RecomputationPace();

  constructor(parts: UnitAuditParts) {
    this.#parts = parts;
  }

  /** Whether a unit would take the server more than ten seconds [AT7]. */
  isTooLong(unit: WorkUnit): boolean {
    return this.#pace.expectedMs(samplesOf(unit)) > LONGEST_UNIT_MS;
  }

  /**
   * By the run's arithmetic, and where that does not find it right by the other as well [AT10].
   * @returns null where there is no evidence of it.
   */
  async judge({
    lease,
    unit,
    engine,
  }: AuditedUnit): Promise<(Comparison & { verdict: AuditVerdict }) | null> {
    const evidence = await this.#evidenceOf(lease);
    if (evidence === null) return null;
    const { arithmetic, codec } = this.#parts;
    const made = { engine, steps: unit.local?.steps ?? 1, codec };
    const others = ARITHMETICS.filter((each) => each !== arithmetic);
    const one = await this.#recompute(unit, evidence, [arithmetic]);
    if (verdictOf(one, made) === 'right') return { ...one, verdict: 'right' };
    const all = await this.#recompute(unit, evidence, [arithmetic, ...others]);
    return { ...all, verdict: verdictOf(all, made) };
  }

  async #recompute(
    unit: WorkUnit,
    evidence: Evidence,
    arithmetics: AuditTask['arithmetics'],
  ): Promise<Comparison> {
    const { recompute, budget } = this.#parts;
    const { milliseconds, ...comparison } = await recompute({ ...evidence, unit, arithmetics });
    budget.spend(milliseconds);
    this.#pace.measured(samplesOf(unit) * arithmetics.length, milliseconds);
    return comparison;
  }

  /** Of all shards together; null where one of them has none: nobody is accused without evidence [AT2]. */
  async #evidenceOf(lease: number): Promise<Evidence | null> {
    const { shards, ranges } = this.#parts;
    const kept = await Promise.all(shards.map((shard) => shard.evidence(lease)));
    const parts = kept.flatMap((each) => each ?? []);
    if (parts.length < shards.length) return null;
    const join = (slice: (evidence: Evidence) => Float32Array) => joinSlices(ranges, parts.map(slice));
    return { base: join(({ base }) => base), update: join(({ update }) => update) };
  }
}
