import type { CodecName } from '../../../shared/codec/codecs.ts';
import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Arithmetic, ReportedEngine } from '../../../shared/profile/profile.ts';
import type { AuditVerdict } from '../../../shared/protocol/trust.ts';
import { deriveSeed } from '../../../shared/random/generator.ts';
import type { Clock } from '../clock.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import { AuditBudget } from './auditBudget.ts';
import type { Comparison } from './comparison.ts';
import { HeldLeases } from './heldLeases.ts';
import type { Recompute } from './recomputation.ts';
import type { LiveLease } from './leaseTable.ts';
import { UnitAudit } from './unitAudit.ts';

/** What a server has audits for. */
export interface AuditSettings {
  /** Of one core, 0 to 1: what audits may take of it, above 0. */
  share: number;
  /** Of the run: what its devices compute with, and the server first. */
  arithmetic: Arithmetic;
  /** In which updates travel. */
  codec: CodecName;
  /** Of the draws; no device may know it. */
  seed: number;
  recompute: Recompute;
}

/** What follows for audits from how far a device is trusted. */
export interface AuditTraits {
  /** The share of its units that is to be audited, 0 to 1. */
  auditRate: number;
  /** Its audits come before those of others. */
  auditedFirst: boolean;
  /** Its updates count only once they were found right. */
  waits: boolean;
}

/** What an audit found. */
export interface Finding extends Comparison {
  lease: number;
  device: string;
  verdict: AuditVerdict;
}

export interface AuditsParts {
  clock: Clock;
  /** In the order of the key ranges. */
  shards: readonly ShardPort[];
  ranges: KeyRange[];
  traitsOf: (device: string) => AuditTraits;
  /** An audit has ended; called before what waits for it is decided. */
  found: (finding: Finding) => void;
  /** A unit could not be computed again; nothing follows from that. */
  failed: (error: unknown) => void;
}

/** How an update comes out of waiting: by what its audit found, or null where there was none in time. */
export type AfterAudit = (verdict: AuditVerdict | null) => void;

/** A lease, as far as audits go. */
export type AuditedLease = Pick<LiveLease, 'lease' | 'device' | 'baseVersion' | 'unit'>;

/** What a coordinator asks of audits. */
export interface AuditScheduler {
  /** A lease is granted: draws whether it is audited [AT6]. @param engine as the device reports it. */
  granted(lease: AuditedLease, engine: ReportedEngine | null): void;
  /** The update of a lease is complete. @returns whether it waits; then `after` is called once, later [AT9]. */
  completed(lease: AuditedLease, after: AfterAudit): boolean;
  /** The lease ended: what waits for it no longer does, and without an update there is nothing to audit. */
  ended(lease: number): void;
  /** The model went bad: every update of which there is evidence is audited, before others [AT13]. */
  review(): void;
  close(): void;
  /** Null where nothing is audited. */
  readonly figures: AuditFigures | null;
}

/** How many audits came to what, and what they took. */
export interface AuditFigures extends Record<AuditVerdict, number> {
  /** Processor time, in milliseconds. */
  spentMs: number;
  /** The same as a share of a core since the start, 0 to 1. */
  share: number;
}

/** Where the data are not the server's, or audits are turned off: nothing is audited and nothing waits [AT12]. */
export const NO_AUDITS: AuditScheduler = {
  granted: () => undefined,
  completed: () => false,
  ended: () => undefined,
  review: () => undefined,
  close: () => undefined,
  figures: null,
};

/** Audits that were drawn and have not ended; at this number none is drawn until there is room. */
const MAX_PENDING = 256;
/** No update waits longer for its audit: beyond that its device had better do another one. */
export const AUDIT_PATIENCE_MS = 5000;

interface Pending extends AuditedLease {
  engine: ReportedEngine | null;
  state: 'out' | 'complete' | 'under way';
  /** The model went bad, and it may be because of this one. */
  isReviewed: boolean;
}

interface Waiting {
  after: AfterAudit;
  cancel: () => void;
}

/** Has some units computed again within a budget, and says what came of it. */
export class Audits implements AuditScheduler {
  readonly #settings: AuditSettings;
  readonly #parts: AuditsParts;
  readonly #budget: AuditBudget;
  readonly #unitAudit: UnitAudit;
  /** By lease, in the order of the grants. */
  readonly #pending = new Map<number, Pending>();
  /** Those that are audited only where the model goes bad. */
  readonly #held: HeldLeases<Pending>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #counts: Record<AuditVerdict, number> = { right: 0, wrong: 0, unclear: 0 };
  #isBusy = false;
  #isClosed = false;
  #cancelWake: () => void = () => undefined;

  constructor(settings: AuditSettings, parts: AuditsParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#budget = new AuditBudget(parts.clock, settings.share);
    const { shards, ranges } = parts;
    this.#held = new HeldLeases(ranges, (lease) => this.#dropEvidence(lease));
    this.#unitAudit = new UnitAudit({ ...settings, budget: this.#budget, shards, ranges });
  }

  get figures(): AuditFigures {
    return { ...this.#counts, spentMs: this.#budget.spent, share: this.#budget.share };
  }

  granted({ lease, device, baseVersion, unit }: AuditedLease, engine: ReportedEngine | null): void {
    if (this.#isClosed || this.#unitAudit.isTooLong(unit)) return;
    const granted: Pending = { lease, device, baseVersion, unit, engine, state: 'out', isReviewed: false };
    if (this.#isDrawn(lease, device)) this.#pending.set(lease, granted);
    else if (!this.#held.add(granted)) return;
    for (const shard of this.#parts.shards) shard.keepEvidence(lease, baseVersion);
  }

  completed(live: AuditedLease, after: AfterAudit): boolean {
    const { lease, device, unit } = live;
    const pending = this.#pending.get(lease);
    const kept = pending ?? this.#held.get(lease);
    if (kept !== undefined) kept.state = 'complete';
    const waits = this.#parts.traitsOf(device).waits && !this.#unitAudit.isTooLong(unit);
    if (waits) {
      const patience = pending === undefined ? 0 : AUDIT_PATIENCE_MS;
      const cancel = this.#parts.clock.after(patience, () => this.#giveUp(lease));
      this.#waiting.set(lease, { after, cancel });
    }
    this.#next();
    return waits;
  }

  review(): void {
    for (const held of this.#held.takeAll(({ state }) => state === 'complete')) {
      this.#pending.set(held.lease, held);
    }
    for (const pending of this.#pending.values()) pending.isReviewed = pending.state === 'complete';
    this.#next();
  }

  ended(lease: number): void {
    this.#waiting.get(lease)?.cancel();
    this.#waiting.delete(lease);
    const kept = this.#pending.get(lease) ?? this.#held.get(lease);
    if (kept?.state === 'out') this.#forget(lease);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelWake();
    for (const { cancel } of this.#waiting.values()) cancel();
  }

  /** Nobody waits longer. An audit that is under way goes on: what it finds is of the device, not of the update alone. */
  #giveUp(lease: number): void {
    if (this.#pending.get(lease)?.state === 'complete') this.#forget(lease);
    this.#release(lease, null);
  }

  #release(lease: number, verdict: AuditVerdict | null): void {
    const waiting = this.#waiting.get(lease);
    this.#waiting.delete(lease);
    waiting?.cancel();
    waiting?.after(verdict);
  }

  /** Whether it is audited in any case [AT6]; while too many wait for that, nobody is. */
  #isDrawn(lease: number, device: string): boolean {
    const { auditRate } = this.#parts.traitsOf(device);
    const isMeant = deriveSeed(this.#settings.seed, lease) < auditRate * 2 ** 32;
    return isMeant && this.#pending.size < MAX_PENDING;
  }

  #forget(lease: number): void {
    this.#pending.delete(lease);
    this.#held.delete(lease);
    this.#dropEvidence(lease);
  }

  #dropEvidence(lease: number): void {
    for (const shard of this.#parts.shards) shard.dropEvidence(lease);
  }

  /** Begins the next audit where none is under way and the budget allows for it, or when it does [AT8]. */
  #next(): void {
    this.#cancelWake();
    if (this.#isBusy || this.#isClosed) return;
    const pending = this.#first();
    if (pending === undefined) return;
    const { wait } = this.#budget;
    if (wait > 0) {
      this.#cancelWake = this.#parts.clock.after(wait, () => this.#next());
      return;
    }
    this.#isBusy = true;
    pending.state = 'under way';
    void this.#audit(pending).then(() => {
      this.#isBusy = false;
      this.#next();
    });
  }

  /** Of those that can be audited: of devices in doubt, and what is reviewed; then what an update waits for; then the oldest. */
  #first(): Pending | undefined {
    const rank = ({ lease, device, isReviewed }: Pending) =>
      (isReviewed || this.#parts.traitsOf(device).auditedFirst ? 0 : 2) + (this.#waiting.has(lease) ? 0 : 1);
    return [...this.#pending.values()]
      .filter(({ state }) => state === 'complete')
      .reduce<Pending | undefined>(
        (first, each) => (first === undefined || rank(each) < rank(first) ? each : first),
        undefined,
      );
  }

  async #audit(pending: Pending): Promise<void> {
    const { lease, device } = pending;
    const finding = await this.#unitAudit.judge(pending).catch((error: unknown) => {
      if (!this.#isClosed) this.#parts.failed(error);
      return null;
    });
    this.#forget(lease);
    if (this.#isClosed) return;
    if (finding !== null) {
      this.#counts[finding.verdict]++;
      this.#parts.found({ lease, device, ...finding });
    }
    this.#release(lease, finding?.verdict ?? null);
  }
}
