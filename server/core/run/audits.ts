import type { CodecName } from '../../../shared/codec/codecs.ts';
import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Arithmetic, ReportedEngine } from '../../../shared/profile/profile.ts';
import type { AuditVerdict, TrustState } from '../../../shared/protocol/trust.ts';
import { deriveSeed } from '../../../shared/random/generator.ts';
import type { Clock } from '../clock.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import { AuditBudget } from './auditBudget.ts';
import { AuditQueue } from './auditQueue.ts';
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

/** The trust in a device, whether any audit found its work right, and whether it is still here. */
export interface Standing {
  state: TrustState;
  isProved: boolean;
  isHere: boolean;
}

/** What follows for audits from how far a device is trusted. */
export interface AuditTraits {
  /** The share of its units that is to be audited, 0 to 1. */
  auditRate: number;
  /** Devices of different standing take turns in being audited. */
  standing: Standing;
  /** It may join. */
  joins: boolean;
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
  /** @param isCautious as {@link AuditScheduler.caution} says. */
  traitsOf: (device: string, isCautious: boolean) => AuditTraits;
  /** An audit has ended; called before what waits for it is decided. */
  found: (finding: Finding) => void;
  /** A device was barred: this update of it is complete, and not audited any more. */
  unheard: (lease: number, device: string) => void;
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
  /**
   * Updates of devices that nobody vouches for count only once they were found right, while the model was bad of late [GU12].
   * @param isCautious says whether it was.
   */
  caution(isCautious: () => boolean): void;
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
  caution: () => undefined,
  close: () => undefined,
  figures: null,
};

/** No update waits longer for its audit: beyond that its device had better do another one. */
export const AUDIT_PATIENCE_MS = 5000;

interface Granted extends AuditedLease {
  engine: ReportedEngine | null;
  isComplete: boolean;
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
  /** By lease, those that are to be audited and are not complete yet. */
  readonly #drawn = new Map<number, Granted>();
  readonly #queue: AuditQueue<Granted>;
  /** Those that are audited only where the model goes bad. */
  readonly #held: HeldLeases<Granted>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #counts: Record<AuditVerdict, number> = { right: 0, wrong: 0, unclear: 0 };
  #isBusy = false;
  /** By the standing of its device, which of all audits the last was. */
  readonly #turns = new Map<string, number>();
  #taken = 0;
  #isCautious = () => false;
  #isClosed = false;
  #cancelWake: () => void = () => undefined;

  constructor(settings: AuditSettings, parts: AuditsParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#budget = new AuditBudget(parts.clock, settings.share);
    const { shards, ranges } = parts;
    this.#queue = new AuditQueue(settings.seed, ({ lease }) => this.#dropEvidence(lease));
    this.#held = new HeldLeases(ranges, (lease) => this.#dropEvidence(lease));
    this.#unitAudit = new UnitAudit({ ...settings, budget: this.#budget, shards, ranges });
  }

  get figures(): AuditFigures {
    return { ...this.#counts, spentMs: this.#budget.spent, share: this.#budget.share };
  }

  granted({ lease, device, baseVersion, unit }: AuditedLease, engine: ReportedEngine | null): void {
    if (this.#isClosed || this.#unitAudit.isTooLong(unit)) return;
    const granted = { lease, device, baseVersion, unit, engine, isComplete: false, isReviewed: false };
    if (this.#isDrawn(lease, device)) this.#drawn.set(lease, granted);
    else if (!this.#held.add(granted)) return;
    for (const shard of this.#parts.shards) shard.keepEvidence(lease, baseVersion);
  }

  completed(live: AuditedLease, after: AfterAudit): boolean {
    const { lease, device } = live;
    const drawn = this.#drawn.get(lease);
    const kept = drawn ?? this.#held.get(lease);
    if (kept !== undefined) kept.isComplete = true;
    this.#drawn.delete(lease);
    if (drawn !== undefined) this.#queue.add(drawn);
    const { waits } = this.#traitsOf(device);
    if (waits) {
      const patience = this.#queue.has(lease) ? AUDIT_PATIENCE_MS : 0;
      const cancel = this.#parts.clock.after(patience, () => this.#giveUp(lease));
      this.#waiting.set(lease, { after, cancel });
    }
    this.#next();
    return waits;
  }

  review(): void {
    for (const held of this.#held.takeAll(({ isComplete }) => isComplete)) this.#queue.add(held);
    for (const update of this.#queue.all) update.isReviewed = true;
    this.#next();
  }

  caution(isCautious: () => boolean): void {
    this.#isCautious = isCautious;
  }

  ended(lease: number): void {
    this.#waiting.get(lease)?.cancel();
    this.#waiting.delete(lease);
    const kept = this.#drawn.get(lease) ?? this.#held.get(lease);
    if (kept?.isComplete === false) this.#forget(lease);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelWake();
    for (const { cancel } of this.#waiting.values()) cancel();
  }

  /** Nobody waits longer. An audit that is under way goes on: what it finds is of the device, not of the update alone. */
  #giveUp(lease: number): void {
    if (this.#queue.has(lease)) this.#forget(lease);
    this.#release(lease, null);
  }

  #release(lease: number, verdict: AuditVerdict | null): void {
    const waiting = this.#waiting.get(lease);
    this.#waiting.delete(lease);
    waiting?.cancel();
    waiting?.after(verdict);
  }

  #traitsOf(device: string): AuditTraits {
    return this.#parts.traitsOf(device, this.#isCautious());
  }

  /** Whether it is audited in any case [AT6]. */
  #isDrawn(lease: number, device: string): boolean {
    const { auditRate } = this.#traitsOf(device);
    return deriveSeed(this.#settings.seed, lease) < auditRate * 2 ** 32;
  }

  #forget(lease: number): void {
    this.#drawn.delete(lease);
    this.#queue.delete(lease);
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
    const { wait } = this.#budget;
    if (wait > 0) {
      this.#cancelWake = this.#parts.clock.after(wait, () => this.#next());
      return;
    }
    const first = this.#takeFirst();
    if (first === undefined) return;
    this.#isBusy = true;
    void this.#audit(first).then(() => {
      this.#isBusy = false;
      this.#next();
    });
  }

  /**
   * What is reviewed; then devices of different standing take turns, so that no crowd of new ids keeps the others from being
   * audited; of one standing what waits, then who was not audited for longest.
   */
  #takeFirst(): Granted | undefined {
    const standings = new Map<string, string>();
    for (const { device } of this.#queue.all) standings.set(device, this.#standingOf(device));
    const first = this.#queue.take(({ lease, device, isReviewed }) => {
      const turn = isReviewed ? 0 : 1 + (this.#turns.get(standings.get(device) ?? '') ?? 0);
      return 2 * turn + (this.#waiting.has(lease) ? 0 : 1);
    });
    if (first !== undefined) this.#turns.set(standings.get(first.device) ?? '', ++this.#taken);
    return first;
  }

  #standingOf(device: string): string {
    const { state, isProved, isHere } = this.#traitsOf(device).standing;
    return isHere ? `${state} ${isProved}` : 'gone';
  }

  async #audit(granted: Granted): Promise<void> {
    const { lease, device } = granted;
    const finding = await this.#unitAudit.judge(granted).catch((error: unknown) => {
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
    if (!this.#traitsOf(device).joins) this.#dropAllOf(device);
  }

  /** What more is found of a device that is barred changes nothing for it, and keeps others from being audited [AT14]. */
  #dropAllOf(barred: string): void {
    const isIts = ({ device, isComplete }: Granted) => isComplete && device === barred;
    for (const { lease } of [...this.#queue.takeAll(isIts), ...this.#held.takeAll(isIts)]) {
      this.#dropEvidence(lease);
      this.#parts.unheard(lease, barred);
    }
  }
}
