import type { Clock } from '../clock.ts';
import { NEWEST } from '../shard/shardPort.ts';
import type { Coordinator } from './coordinator.ts';
import { LossWatch } from './lossWatch.ts';
import type { ModelSnapshot } from './modelSnapshot.ts';

/** A good state that was brought back. */
export interface Undoing {
  /** The version that was found bad. */
  bad: number;
  /** The good version whose state came back. */
  of: number;
  /** The version that it made. */
  made: number;
}

/** One that was brought back because of the loss. */
export interface Rescue extends Undoing {
  /** Mean cross-entropy on the sample that it was noticed by; null: it was no finite number. */
  loss: number | null;
  /** What is usual; null before that is known. */
  usual: number | null;
}

/** What the guard needs of its run. */
export interface GuardedRun {
  /** Whether it trains now. */
  trains: () => boolean;
  snapshot: () => Promise<ModelSnapshot>;
  /** Makes the state of a version that is marked the next one. @returns the version that it makes. */
  rollBack: (version: number) => Promise<number>;
  pause: () => void;
}

export interface GuardParts {
  clock: Clock;
  coordinator: Coordinator;
  run: GuardedRun;
  /** A loss of more than this many times the usual one has jumped. */
  jump: number;
  /** Mean cross-entropy of parameters on a small fixed sample of the test images. */
  lossOf: (parameters: Float32Array) => Promise<number>;
  rescued: (rescue: Rescue) => void;
  /** Updates that decided a commit were found wrong, and the state before it is back. */
  undid: (undoing: Undoing) => void;
  /** The model was brought back again and again, and got no better: the run is paused, somebody has to look. */
  gaveUp: () => void;
  failed: (error: unknown) => void;
}

/** After a check the next one waits this many times as long as it took: it is to cost little beside the commits. */
const REST = 8;
/** Rescues without a good measurement of later commits in between, after which the guard gives up. */
const MAX_RESCUES = 3;

/**
 * Checks the newest parameters on a small sample, commit after commit, and brings the last good state back where their
 * loss jumps [GU1]. What is measured and kept is not touched by it.
 */
export class Guard {
  readonly #parts: GuardParts;
  readonly #watch: LossWatch;
  #busy = false;
  /** The earliest moment of the next check. */
  #next = 0;
  /** A version came while a check was under way. */
  #isBehind = false;
  /** The next check does not rest. */
  #isSuspected = false;
  /** Set while the next check waits for the end of the rest. */
  #cancelWake: (() => void) | null = null;
  #isClosed = false;
  /** Since the run was started, or a version with commits after a restore was measured as good [GU5]. */
  #rescues = 0;
  /** What was brought back last: nothing between these two versions is part of the model. */
  #undone = { of: 0, made: 0 };
  #lastUndoing: Promise<void> = Promise.resolve();
  /** That are under way: there are leases of the state before its version is known. */
  #restores = 0;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#watch = new LossWatch(parts.jump);
    parts.coordinator.audits.caution(() => this.#isRecovering());
  }

  /** The run was started: there is a state to go back to from now on. */
  begin(): void {
    const { coordinator } = this.#parts;
    this.#rescues = 0;
    if (coordinator.marks.newest === null) coordinator.marks.begin(coordinator);
  }

  /** An operator brought back a state of earlier: what was usual is no longer. */
  forget(): void {
    this.#watch.forget();
  }

  /** Checks the present version at once, or when the check that is under way and the rest after it are over [GU7]. */
  whenDue(): void {
    const { coordinator, clock, run } = this.#parts;
    if (this.#isClosed || coordinator.settings.evaluateEvery === 0 || !run.trains()) return;
    if (this.#busy) this.#isBehind = true;
    else if (clock.now() < this.#next) this.#wakeLater();
    else this.#check();
  }

  /** The model may be bad: checks it without a rest [GU11]. */
  suspect(): void {
    this.#next = 0;
    this.#isSuspected = true;
    this.whenDue();
  }

  /** Nothing is checked from now on. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWake?.();
  }

  #wakeLater(): void {
    const { clock } = this.#parts;
    this.#cancelWake ??= clock.after(this.#next - clock.now(), () => {
      this.#cancelWake = null;
      this.whenDue();
    });
  }

  #check(): void {
    const { clock, failed } = this.#parts;
    this.#cancelWake?.();
    this.#cancelWake = null;
    this.#busy = true;
    this.#isBehind = false;
    this.#isSuspected = false;
    const begun = clock.now();
    void this.#look()
      .catch(failed)
      .finally(() => {
        this.#busy = false;
        if (!this.#isSuspected) this.#next = clock.now() + REST * (clock.now() - begun);
        if (this.#isBehind) this.whenDue();
      });
  }

  /** Updates that decided the commit of this version were found wrong: what came of it is undone [GU8]. */
  undermined(version: number): void {
    this.#lastUndoing = this.#lastUndoing.then(() => this.#undo(version)).catch(this.#parts.failed);
  }

  async #undo(bad: number): Promise<void> {
    const { coordinator, run, undid } = this.#parts;
    const isUndone = bad > this.#undone.of && bad < this.#undone.made;
    const of = coordinator.marks.before(bad);
    if (isUndone || of === null || !run.trains()) return;
    const made = await this.#bringBack(of);
    undid({ bad, of, made });
  }

  async #bringBack(of: number): Promise<number> {
    const { coordinator, run } = this.#parts;
    this.#restores++;
    try {
      const made = await run.rollBack(of);
      coordinator.marks.undone(of, made);
      this.#undone = { of, made };
      return made;
    } finally {
      this.#restores--;
    }
  }

  /** No version with commits after the last restore was measured as good yet: what a restore made has the good state itself. */
  #isRecovering(): boolean {
    const { newest } = this.#parts.coordinator.marks;
    const wasUndone = this.#undone.made > 0 && (newest ?? 0) <= this.#undone.made;
    return this.#restores > 0 || wasUndone;
  }

  async #look(): Promise<void> {
    const { run, lossOf } = this.#parts;
    const { version, parameters, optimizerState } = await run.snapshot();
    // An average of the weights hides for a while what has happened to the newest ones.
    const loss = await lossOf(optimizerState.slots[NEWEST] ?? parameters);
    const usual = this.#watch.usual ?? null;
    if (!this.#watch.hasJumped(loss) || !run.trains()) return;
    await this.#rescue({ bad: version, loss: Number.isFinite(loss) ? loss : null, usual });
  }

  async #rescue(found: Pick<Rescue, 'bad' | 'loss' | 'usual'>): Promise<void> {
    const { coordinator, run, rescued, gaveUp } = this.#parts;
    const { newest: of } = coordinator.marks;
    if (of === null) return;
    if (!this.#isRecovering()) this.#rescues = 0;
    if (++this.#rescues > MAX_RESCUES) {
      // A run that stands still is not to stand on a bad state.
      await this.#bringBack(of);
      coordinator.audits.review();
      run.pause();
      gaveUp();
      return;
    }
    const made = await this.#bringBack(of);
    coordinator.audits.review();
    rescued({ ...found, of, made });
  }
}
