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
  /** Every unit follows from its lane and step alone: there are no plans and no constraints [PL14]. */
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
  /** Those that may have work by a plan. */
  asked: () => PlanDevice[];
  planningKeys: PlanningKeys;
  /** A plan was made, whether it is in force now or not. */
  made: () => void;
}

const REST_MS = 250;
const LONGEST_REST_MS = 4000;
/** A device's pace has changed when its units take longer or shorter by this. */
const PACE_CHANGE = 1.1;

/** Keeps a plan in force and up to date: when one is made, and whether it replaces the one in force [PL12]. */
export class PlanKeeper {
  readonly #settings: PlanSettings;
  readonly #parts: PlanParts;
  readonly #sources: PlanSources;
  #plan: Plan = NO_PLAN;
  /** The planning keys of the devices that the newest plan was made for, and for which the one in force is valid. */
  #madeFor: ReadonlyMap<string, string> = new Map();
  #number = 0;
  #tookMs = 0;
  #planning = false;
  /** Another plan was asked for while one was being made. */
  #again = false;
  /** When the newest plan was started. */
  #startedAt = -Infinity;
  /** The shortest time from that to the next one, and from the next one to the one after it. */
  #restMs = REST_MS;
  #nextRestMs = REST_MS;
  #cancelRest: () => void = () => undefined;
  /** Counts how often everything was forgotten, so that a plan that was being made then is not put in force. */
  #epoch = 0;
  readonly #roundOverhead = new RoundOverhead();
  /** The round in progress: when it started, under which plan, and the expected time of each unit then. */
  #round: { startedAt: number; plan: number; expected: ReadonlyMap<string, number> } | null = null;
  /** Milliseconds of a default unit by device, as the newest plan had them. */
  readonly #paces = new Map<string, number>();

  constructor(settings: PlanSettings, parts: PlanParts, sources: PlanSources) {
    this.#settings = settings;
    this.#parts = parts;
    this.#sources = sources;
  }

  /** What rounds take beyond their slowest unit, in milliseconds. */
  get roundOverheadMs(): number {
    return this.#roundOverhead.ms;
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** Whether the newest plan was made for what may be asked of a device now. */
  countsOn(device: string): boolean {
    const madeFor = this.#madeFor.get(device);
    return madeFor !== undefined && madeFor === this.#sources.planningKeys.of(device);
  }

  /** Counts the plans that were in force. */
  get number(): number {
    return this.#number;
  }

  /** Milliseconds that the plan in force took to make. */
  get tookMs(): number {
    return this.#tookMs;
  }

  /** What may be asked of devices changed: plans are made often again. */
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

  /** A round of these devices ended, and the next one starts. */
  committed(devices: readonly string[]): void {
    const before = this.#round;
    const at = this.#parts.clock.now();
    this.#round = { startedAt: at, plan: this.#number, expected: this.#expectedMs() };
    if (before?.plan !== this.#number) return;
    // A device that is being measured may take any time.
    if (!devices.every((device) => before.expected.has(device))) return;
    const slowest = Math.max(...devices.map((device) => before.expected.get(device) ?? 0));
    this.#roundOverhead.took(at - before.startedAt, slowest);
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
    const wait = this.#startedAt + this.#restMs - clock.now();
    if (wait <= 0) void this.#replan();
    else this.#cancelRest = clock.after(wait, () => void this.#replan());
  }

  async #replan(): Promise<void> {
    const { clock, solve } = this.#parts;
    const { planningKeys, asked, made } = this.#sources;
    const { method, budgetMs } = this.#settings;
    const epoch = this.#epoch;
    const started = clock.now();
    this.#planning = true;
    this.#startedAt = started;
    this.#restMs = this.#nextRestMs;
    this.#nextRestMs = Math.min(2 * this.#restMs, LONGEST_REST_MS);
    this.#notePaces();
    const devices = asked();
    const madeFor = new Map(devices.map(({ device }) => [device, planningKeys.of(device) ?? '']));
    const shape = this.#shapeFor(devices);
    const best = await makePlan(devices, shape, { method, solve, budgetMs }).finally(() => {
      this.#planning = false;
    });
    if (epoch === this.#epoch) {
      const mayKeep = PLACEMENT_METHODS[method].keepsDefaultUnits && MODES[shape.mode].hasRounds;
      const plan = mayKeep ? orDefaultUnits(best, devices, shape) : best;
      if (this.#outdated || isBetter(plan.options, this.#plan.options, devices, shape)) {
        this.#plan = plan;
        this.#number++;
        this.#tookMs = clock.now() - started;
      }
      this.#madeFor = madeFor;
      made();
    }
    if (this.#again) this.#planSoon();
  }

  /** What may be asked of a device in the plan in force changed, or the device left. */
  get #outdated(): boolean {
    return this.#plan.options.some(({ device }) => !this.countsOn(device));
  }

  /** What the units of the plan in force take the devices that are here, at their present pace. */
  #expectedMs(): Map<string, number> {
    const times = new Map(this.#sources.devices().map(({ id, times }) => [id, times]));
    return new Map(
      this.#plan.options.flatMap(({ device, samples }) => {
        const time = times.get(device)?.upperEstimate ?? null;
        return time === null ? [] : [[device, time.overheadMs + samples * time.msPerSample] as const];
      }),
    );
  }

  /**
   * The run's shape for this plan. A round of fixed size opens in the end without its full number: a plan must not wait for
   * more workers than there are.
   */
  #shapeFor(devices: readonly PlanDevice[]): RunShape {
    const { shape } = this.#settings;
    const workers = devices.reduce((sum, { time, workers }) => sum + (time === null ? 0 : workers), 0);
    const minWorkers = Math.min(shape.minWorkers, workers);
    return { ...shape, minWorkers, roundOverheadMs: this.#roundOverhead.ms };
  }

  #notePaces(): void {
    this.#paces.clear();
    for (const { id, times } of this.#sources.devices()) {
      const ms = times.settled ? times.expectedMs(defaultUnitSamples(this.#settings.shape)) : null;
      if (ms !== null) this.#paces.set(id, ms);
    }
  }
}
