import { PLACEMENT_METHODS, type PlacementMethod } from '../../../shared/protocol/placement.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../crowd/device.ts';
import { MODES } from '../policy/modes.ts';
import { defaultUnitSamples, type PlanDevice, type RunShape } from './plan.ts';
import { makePlan, NO_PLAN, type Plan } from './planner.ts';
import type { Solve } from './program.ts';
import { RoundOverhead } from './roundOverhead.ts';
import type { PlanningKeys } from './planningKeys.ts';
import { orDefaultUnits, isBetter } from './hysteresis.ts';

export interface PlanSettings {
  method: PlacementMethod;
  shape: RunShape;
  /** Every unit follows from its lane and step, whatever is here: plans and instructions have no say [PL14]. */
  repeatable: boolean;
  /** For the solver, each time that a plan is made. */
  budgetMs: number;
}

export interface PlanParts {
  clock: Clock;
  solve: Solve;
}

/** A device, and how long its units take. */
type Paced = Pick<Device, 'id' | 'times'>;

export interface PlanSources {
  /** Those that are present. */
  devices: () => readonly Paced[];
  /** Those that a plan may have work for. */
  asked: () => PlanDevice[];
  standings: PlanningKeys;
  /** A plan was made, whether it is in force now or not. */
  made: () => void;
}

const REST_MS = 250;
const LONGEST_REST_MS = 4000;
/** A device's pace has changed when its units take longer or shorter by this. */
const PACE_CHANGE = 1.1;

/** Keeps a plan in force and up to date: when one is made, and whether it takes over [PL12]. */
export class PlanKeeper {
  readonly #settings: PlanSettings;
  readonly #parts: PlanParts;
  readonly #sources: PlanSources;
  #plan: Plan = NO_PLAN;
  /** The standings of the devices that the newest plan was made for, and the one in force held good for. */
  #madeFor: ReadonlyMap<string, string> = new Map();
  #number = 0;
  #tookMs = 0;
  #planning = false;
  /** Another plan was asked for while one was being made. */
  #again = false;
  /** When the newest plan was begun. */
  #begunAt = -Infinity;
  /** How long after that the next one may be, and how long after that one the one behind it. */
  #restMs = REST_MS;
  #nextRestMs = REST_MS;
  #cancelRest: () => void = () => undefined;
  /** Counts how often everything was forgotten, so that a plan that was being made then is not put in force. */
  #epoch = 0;
  readonly #overrun = new RoundOverhead();
  /** The round that goes on: when it began, under which plan, and what each unit was expected to take then. */
  #round: { begunAt: number; plan: number; expected: ReadonlyMap<string, number> } | null = null;
  /** Milliseconds of a recipe's unit by device, as the newest plan had them. */
  readonly #paces = new Map<string, number>();

  constructor(settings: PlanSettings, parts: PlanParts, sources: PlanSources) {
    this.#settings = settings;
    this.#parts = parts;
    this.#sources = sources;
  }

  /** What rounds take beyond their slowest unit, in milliseconds. */
  get overrunMs(): number {
    return this.#overrun.ms;
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** Whether the newest plan was made for what may be asked of a device now: it has work for it, or rightly none. */
  countsOn(device: string): boolean {
    const madeFor = this.#madeFor.get(device);
    return madeFor !== undefined && madeFor === this.#sources.standings.of(device);
  }

  /** Counts the plans that were in force. */
  get number(): number {
    return this.#number;
  }

  /** Milliseconds that the plan in force took to make. */
  get tookMs(): number {
    return this.#tookMs;
  }

  /** Something else may be asked of devices than before: plans are made often again. */
  renew(): void {
    this.#restMs = REST_MS;
    this.#nextRestMs = REST_MS;
    this.#planSoon();
  }

  /** A device's pace was measured again. */
  measured({ id, times }: Paced): void {
    const before = this.#paces.get(id);
    const now = times.expectedMs(defaultUnitSamples(this.#settings.shape)) ?? 0;
    if (before !== undefined && (now > PACE_CHANGE * before || before > PACE_CHANGE * now)) this.#planSoon();
  }

  /** A round ended in which these devices had a part, and the next begins. */
  committed(devices: readonly string[]): void {
    const before = this.#round;
    const at = this.#parts.clock.now();
    this.#round = { begunAt: at, plan: this.#number, expected: this.#expectedMs() };
    if (before?.plan !== this.#number) return;
    // Who is being measured may take any time.
    if (!devices.every((device) => before.expected.has(device))) return;
    const slowest = Math.max(...devices.map((device) => before.expected.get(device) ?? 0));
    this.#overrun.took(at - before.begunAt, slowest);
  }

  /** No plan is in force from now on, and none is made until {@link renew}. */
  forget(): void {
    this.#cancelRest();
    this.#epoch++;
    this.#plan = NO_PLAN;
    this.#paces.clear();
  }

  #planSoon(): void {
    const { clock } = this.#parts;
    this.#cancelRest();
    this.#again = this.#planning;
    if (this.#planning) return;
    const wait = this.#begunAt + this.#restMs - clock.now();
    if (wait <= 0) void this.#replan();
    else this.#cancelRest = clock.after(wait, () => void this.#replan());
  }

  async #replan(): Promise<void> {
    const { clock, solve } = this.#parts;
    const { standings, asked, made } = this.#sources;
    const { method, budgetMs } = this.#settings;
    const epoch = this.#epoch;
    const begun = clock.now();
    this.#planning = true;
    this.#begunAt = begun;
    this.#restMs = this.#nextRestMs;
    this.#nextRestMs = Math.min(2 * this.#restMs, LONGEST_REST_MS);
    this.#notePaces();
    const devices = asked();
    const madeFor = new Map(devices.map(({ device }) => [device, standings.of(device) ?? '']));
    const shape = this.#shapeFor(devices);
    const best = await makePlan(devices, shape, { method, solve, budgetMs }).finally(() => {
      this.#planning = false;
    });
    if (epoch === this.#epoch) {
      const mayKeep = PLACEMENT_METHODS[method].keepsDefaultUnits && MODES[shape.mode].hasRounds;
      const plan = mayKeep ? orDefaultUnits(best, devices, shape) : best;
      if (this.#outdated || isBetter(plan.bundles, this.#plan.bundles, devices, shape)) {
        this.#plan = plan;
        this.#number++;
        this.#tookMs = clock.now() - begun;
      }
      this.#madeFor = madeFor;
      made();
    }
    if (this.#again) this.#planSoon();
  }

  /** Something else may be asked now of a device that the plan in force has work for, or it is gone. */
  get #outdated(): boolean {
    return this.#plan.bundles.some(({ device }) => !this.countsOn(device));
  }

  /** What the units of the plan in force take the devices that are here, at their present pace. */
  #expectedMs(): Map<string, number> {
    const times = new Map(this.#sources.devices().map(({ id, times }) => [id, times]));
    return new Map(
      this.#plan.bundles.flatMap(({ device, samples }) => {
        const time = times.get(device)?.cautious ?? null;
        return time === null ? [] : [[device, time.overheadMs + samples * time.msPerSample] as const];
      }),
    );
  }

  /**
   * The run as this plan has to know it. A round of fixed size opens without its number at last: a plan must not wait for
   * more workers than there are.
   */
  #shapeFor(devices: readonly PlanDevice[]): RunShape {
    const { shape } = this.#settings;
    const workers = devices.reduce((sum, { time, workers }) => sum + (time === null ? 0 : workers), 0);
    const minWorkers = Math.min(shape.minWorkers, workers);
    return { ...shape, minWorkers, roundOverheadMs: this.#overrun.ms };
  }

  #notePaces(): void {
    this.#paces.clear();
    for (const { id, times } of this.#sources.devices()) {
      const ms = times.settled ? times.expectedMs(defaultUnitSamples(this.#settings.shape)) : null;
      if (ms !== null) this.#paces.set(id, ms);
    }
  }
}
