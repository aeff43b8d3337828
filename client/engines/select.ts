import type { Engine } from '../../shared/engine/engine.ts';
import { checkEngine } from './knownAnswer.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import {
  CAN_BE_STRICT,
  type Arithmetic,
  type EngineName,
  type EngineTrial,
  TFJS_ENGINES,
  VERDICTS,
} from '../../shared/profile/profile.ts';
import { timeEngine, type CalibrationWork } from './calibration.ts';
import type { Candidate, EngineSupply } from './supply.ts';
import { inTime, withTimeLimit, type LimitClock } from './timeLimit.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

export interface SelectionParts {
  spec: ModelSpec;
  /** `strict`: only engines that give the same bits on every machine, told to do so [EN9]. */
  arithmetic: Arithmetic;
  /** The engine that the address asks for. */
  asked: EngineName | 'auto';
  supply: EngineSupply;
  clock: LimitClock;
  /** Another engine is trained with from now on; the note is of {@link EngineSelection.note}. */
  changed?: (engine: Engine, note: string | null) => void;
}

/**
 * A device looks for a faster engine only after it has trained for so long: to try a software adapter costs a
 * second of the processor that trains, which a short run would miss.
 */
const CONSIDER_AFTER_MS = 10_000;
/** An engine that has not loaded by then has failed; a backend of which nothing is known by then is not here. */
const TRIAL_WITHIN_MS = 30_000;

/** No engine works on this device for this run; the message has every reason. */
export class NoEngine extends Error {
  override name = 'NoEngine';
  readonly trials: EngineTrial[];

  constructor(message: string, trials: EngineTrial[]) {
    super(message);
    this.trials = trials;
  }
}

const WITHOUT_ENGINE: Record<Arithmetic, string> = {
  fastest: 'no engine works here',
  strict: 'this run is repeatable, which takes WebAssembly with SIMD, and that does not work here',
};
/** Whether an engine can compute so. */
const SUITS: Record<Arithmetic, (name: EngineName) => boolean> = {
  fastest: () => true,
  strict: (name) => CAN_BE_STRICT[name],
};
const NOT_STRICT = 'this run is repeatable, and it does not give the same bits on every machine';

/** What a device trains with, and how it comes to something better. */
export interface Engines {
  /** The engine to train with. */
  readonly engine: Engine;
  /** What came of each engine tried so far. */
  readonly trials: EngineTrial[];
  /** The engine failed at work: goes on with the next right one [EN6]. @throws {Error} where there is none. */
  failed(reason: string): Promise<void>;
  /** To be called between units, with the last one's work. Says whether there is anything new to report. */
  reconsider(work: CalibrationWork): Promise<boolean>;
  dispose(): void;
}

/**
 * The engines of one device for one model: trains at once on the first that gives the known answer, and goes on
 * to the fastest of them when that has been measured [EN1] [EN4] [EN5].
 */
export class EngineSelection implements Engines {
  readonly #parts: SelectionParts;
  readonly #trials = new Map<string, EngineTrial>();
  readonly #begun: number;
  #engine: Engine | null = null;
  /** The engine on trial beside the one at work, once it gave the known answer. */
  #rival: Engine | null = null;
  #considering = false;
  /** Why nobody can tell which backends of tfjs are here; null where that is known or was not asked. */
  #unlisted: string | null = null;

  private constructor(parts: SelectionParts) {
    this.#parts = parts;
    this.#begun = parts.clock.now();
  }

  /** @throws {NoEngine} where none works here. */
  static async begin(parts: SelectionParts): Promise<EngineSelection> {
    const selection = new EngineSelection(parts);
    await selection.#takeNext();
    return selection;
  }

  get engine(): Engine {
    if (this.#engine === null) throw new Error('the engines were disposed of');
    return this.#engine;
  }

  get trials(): EngineTrial[] {
    return [...this.#trials.values()];
  }

  /** Why it is not the engine that was asked for, or what was wrong with one; null where all is well. */
  get note(): string | null {
    const bad = this.trials.filter(({ verdict }) => !VERDICTS[verdict].isGood);
    const reasons = bad.map(
      ({ name, verdict, reason }) => `${name} ${VERDICTS[verdict].means}: ${reason ?? ''}`,
    );
    return reasons.length === 0 ? null : reasons.join('; ');
  }

  async failed(reason: string): Promise<void> {
    const { engine } = this;
    this.#note(engine, 'failed', reason);
    engine.dispose();
    this.#engine = null;
    const rival = this.#rival;
    this.#rival = null;
    if (rival === null) await this.#takeNext();
    else this.#take(rival);
  }

  /**
   * Tries what has not been tried, beside the training; once that gave the known answer, times both on work like
   * the last unit's and takes the faster [EN17].
   */
  async reconsider(work: CalibrationWork): Promise<boolean> {
    const before = JSON.stringify(this.trials);
    if (this.#rival !== null) await this.#compare(this.#rival, work);
    else this.#consider();
    return JSON.stringify(this.trials) !== before;
  }

  dispose(): void {
    this.#engine?.dispose();
    this.#rival?.dispose();
    this.#engine = null;
    this.#rival = null;
  }

  #consider(): void {
    const { asked, supply, clock } = this.#parts;
    const rival = supply.fused.find(({ name }) => this.#suits(name) && !this.#trials.has(name));
    if (this.#considering || asked !== 'auto' || rival === undefined) return;
    if (clock.now() - this.#begun < CONSIDER_AFTER_MS) return;
    this.#considering = true;
    void this.#try(rival).then((engine) => {
      this.#considering = false;
      if (this.#engine === null) engine?.dispose();
      else this.#rival = engine;
    });
  }

  async #compare(rival: Engine, work: CalibrationWork): Promise<void> {
    this.#rival = null;
    const theirs = await this.#timed(rival, work);
    if (theirs === null) {
      rival.dispose();
      return;
    }
    const { engine } = this;
    const ours = await this.#timed(engine, work);
    const [loser, winner] = ours === null || theirs > ours ? [engine, rival] : [rival, engine];
    loser.dispose();
    this.#take(winner);
  }

  /** Samples a second; null where the engine failed at it. */
  async #timed(engine: Engine, work: CalibrationWork): Promise<number | null> {
    try {
      const rate = await timeEngine(engine, work, this.#parts.clock.now);
      this.#note(engine, 'right', null, rate);
      return rate;
    } catch (error) {
      this.#note(engine, 'failed', errorMessage(error));
      return null;
    }
  }

  async #takeNext(): Promise<void> {
    for await (const candidate of this.#candidates()) {
      const engine = await this.#try(candidate);
      if (engine === null) continue;
      this.#take(engine);
      return;
    }
    const reasons = [this.note, this.#unlisted].filter((reason) => reason !== null);
    const why = reasons.length === 0 ? 'there is none' : reasons.join('; ');
    throw new NoEngine(`${WITHOUT_ENGINE[this.#parts.arithmetic]}: ${why}`, this.trials);
  }

  #take(engine: Engine): void {
    this.#engine = engine;
    this.#parts.changed?.(engine, this.note);
  }

  /** What has not been found wanting: the one that is asked for, our own, then tfjs. */
  async *#candidates(): AsyncGenerator<Candidate> {
    const { asked, supply } = this.#parts;
    const passable = (candidates: Candidate[]) =>
      candidates.filter(({ name }) => this.#suits(name) && !this.#isBad(name));
    if (asked !== 'auto' && !this.#suits(asked)) {
      this.#note({ name: asked, detail: '', software: false }, 'failed', NOT_STRICT);
    } else if (asked !== 'auto' && !this.#trials.has(asked)) {
      const all = [
        ...supply.fused,
        ...(TFJS_ENGINES.some((name) => name === asked) ? await this.#tfjs() : []),
      ];
      const preferred = all.find(({ name }) => name === asked);
      if (preferred === undefined)
        this.#note({ name: asked, detail: '', software: false }, 'failed', 'not here');
      else yield preferred;
    }
    for (const candidate of passable(supply.fused)) yield candidate;
    // Where none of them suits the run there is nothing to be found out.
    if (!TFJS_ENGINES.some((name) => this.#suits(name))) return;
    for (const candidate of passable(await this.#tfjs())) yield candidate;
  }

  /** Whether an engine can compute as this run wants it. */
  #suits(name: EngineName): boolean {
    return SUITS[this.#parts.arithmetic](name);
  }

  #isBad(name: EngineName): boolean {
    const trial = this.#trials.get(name);
    return trial !== undefined && !VERDICTS[trial.verdict].isGood;
  }

  /** The backends of tfjs; none where what tells of them fails or does not answer. */
  #tfjs(): Promise<Candidate[]> {
    const { supply, clock } = this.#parts;
    return inTime(supply.tfjs(), TRIAL_WITHIN_MS, clock.after).catch((error: unknown) => {
      this.#unlisted = `tfjs could not be loaded: ${errorMessage(error)}`;
      return [];
    });
  }

  /** Loads an engine and has it give the known answer; null where it cannot. */
  async #try({ name, load }: Candidate): Promise<Engine | null> {
    const { spec, arithmetic, clock } = this.#parts;
    let engine: Engine | null = null;
    try {
      const loading = load(spec, arithmetic);
      const loaded = await inTime(loading, TRIAL_WITHIN_MS, clock.after, (late) => late.dispose());
      engine = withTimeLimit(loaded, clock);
      const verdict = await checkEngine(engine, spec);
      if (verdict.verdict === 'right') {
        this.#note(engine, 'right', null);
        return engine;
      }
      this.#note(engine, 'wrong', verdict.reason);
    } catch (error) {
      this.#note(engine ?? { name, detail: '', software: false }, 'failed', errorMessage(error));
    }
    engine?.dispose();
    return null;
  }

  #note(
    { name, detail, software }: Pick<Engine, 'name' | 'detail' | 'software'>,
    verdict: EngineTrial['verdict'],
    reason: string | null,
    samplesPerSecond: number | null = null,
  ): void {
    const most = 200;
    this.#trials.set(name, {
      name,
      software,
      verdict,
      samplesPerSecond,
      detail: detail.slice(0, most),
      reason: reason?.slice(0, most) ?? null,
    });
  }
}
