import type { Assignment, PlacementReport } from '../../../shared/protocol/placement.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../device.ts';
import type { ReadyWorker } from '../policy/policy.ts';
import type { DataShardRef } from '../work.ts';
import { readDirectives } from './directives.ts';
import { uniform } from './methods.ts';
import { resolvePins, type Pins } from './pins.ts';
import {
  rateOf,
  recipeSamples,
  roundMs,
  sizeOf,
  type Bundle,
  type PlacementMethod,
  type PlanDevice,
  type RunShape,
} from './plan.ts';
import { ableDevices, membershipOf, planDevices } from './planDevices.ts';
import { makePlan, NO_PLAN, type Plan } from './planner.ts';
import type { Solve } from './program.ts';
import { sharesOf, type Share } from './shares.ts';

export interface PlacementSettings {
  method: PlacementMethod;
  shape: RunShape;
  /** For the solver, each time that a plan is made. */
  budgetMs: number;
}

export interface PlacementParts {
  clock: Clock;
  solve: Solve;
}

/** What a unit of a device is made of. */
export interface UnitShape {
  dataShard: DataShardRef;
  batch: number;
  /** Null: a gradient. */
  steps: number | null;
}

/** Plans are made no closer together than this at first, and twice that each time up to the other while nobody comes or goes. */
const [REST_MS, LONGEST_REST_MS] = [250, 4000];
/** Of the units of a device one in so many is a gauge. */
const GAUGE_EVERY = 16;
/** A plan of the same devices takes over only if it is better by this. */
const BETTER = 1.1;
/** The recipe's unit for everyone, found by measurement, is left for a plan only if that is better by this. */
const BETTER_THAN_RECIPE = 1.3;
/** A device's pace has changed when its units take longer or shorter by this. */
const PACE_CHANGE = 1.1;
/** A device that a plan left without work is measured anew after so long: it may have got faster. */
const RESERVE_MS = 30_000;

/**
 * Who works on what: the plan in force, kept up to date as devices come, go and change their pace, within what their
 * owners and instructions from outside allow. Where the method is uniform and nobody gave instructions it has no say,
 * and work follows from lanes and steps alone [PL1].
 */
export class Placement {
  readonly #settings: PlacementSettings;
  readonly #parts: PlacementParts;
  #devices: () => Device[] = () => [];
  #changed: () => void = () => undefined;
  #assignments: Assignment[] = [];
  #shares = new Map<string, Share>();
  #pins: Pins;
  #plan: Plan = NO_PLAN;
  #number = 0;
  #tookMs = 0;
  #membership = '';
  #planning = false;
  #restsUntil = 0;
  #restMs = REST_MS;
  #cancelRest: () => void = () => undefined;
  /** Samples and units granted so far, by device: how far it is on its walk through its data shards. */
  readonly #walked = new Map<string, { visited: number; units: number }>();
  /** Milliseconds of a recipe's unit by device, as the newest plan had them. */
  readonly #paces = new Map<string, number>();
  readonly #reservedAt = new Map<string, number>();

  constructor(settings: PlacementSettings, parts: PlacementParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#pins = { own: new Map(), free: this.#indices(), waiting: [] };
  }

  /**
   * @param devices those that are present.
   * @param changed another plan is in force: there may be work for somebody who had none.
   */
  attach(devices: () => Device[], changed: () => void): void {
    this.#devices = devices;
    this.#changed = changed;
  }

  /**
   * Takes instructions from outside in place of those before.
   * @throws {DirectiveError} where they cannot hold; nothing has changed then.
   */
  direct(body: unknown): void {
    this.#assignments = readDirectives(body, this.#settings.shape, this.#devices());
    this.#membership = '';
    this.#restsUntil = 0;
    this.noticed();
    this.#changed();
  }

  /** A device came, went, or told news. */
  noticed(): void {
    if (!this.#active) {
      this.#shares.clear();
      return;
    }
    const able = this.#able();
    const membership = membershipOf(this.#devices(), able);
    if (membership === this.#membership) return;
    this.#membership = membership;
    this.#restMs = REST_MS;
    this.#reshare(able);
    this.#planSoon();
  }

  /** A device handed something in, or was late: a change of its pace by a tenth is worth another plan [PL12]. */
  measured({ id, times }: Device): void {
    if (!this.#active) return;
    const before = this.#paces.get(id);
    const now = times.expectedMs(recipeSamples(this.#settings.shape));
    if (now === null) return;
    if (before === undefined) this.noticed();
    else if (now > PACE_CHANGE * before || before > PACE_CHANGE * now) this.#planSoon();
  }

  /** Those of the ready workers that may have work now, with what a unit of theirs is expected to take. */
  admit(ready: readonly { device: string; seat: number }[]): ReadyWorker[] {
    if (ready.length === 0) return [];
    const devices = new Map(this.#devices().map((device) => [device.id, device]));
    const working = new Map<string, number>();
    return ready.flatMap(({ device, seat }) => {
      const { times, leases } = devices.get(device) ?? {};
      const unitMs = (samples: number) => times?.expectedMs(samples) ?? null;
      const recipe = recipeSamples(this.#settings.shape);
      if (!this.#active) return [{ device, seat, unitMs: times?.proven === true ? unitMs(recipe) : null }];
      const share = this.#shares.get(device);
      const busy = working.get(device) ?? leases?.length ?? 0;
      if (share === undefined || share.dataShards.length === 0 || busy >= share.workers) return [];
      working.set(device, busy + 1);
      return [{ device, seat, unitMs: unitMs(share.batch * (share.steps ?? 1)) }];
    });
  }

  /** What the next unit of a device is made of; null where that follows from its lane and step. */
  unitOf(device: string): UnitShape | null {
    const share = this.#active ? this.#shares.get(device) : undefined;
    if (share === undefined) return null;
    const { visited, units } = this.#walked.get(device) ?? { visited: 0, units: 0 };
    const { dataShards } = this.#settings.shape;
    const place = Math.floor(visited / (dataShards[0]?.samples ?? 1)) % share.dataShards.length;
    const dataShard = dataShards[share.dataShards[place] ?? -1];
    if (dataShard === undefined) throw new Error(`placement: device ${device} has no data shard`);
    const { batch, steps } = (units + 1) % GAUGE_EVERY === 0 ? this.#gauge(share) : share;
    this.#walked.set(device, { visited: visited + batch * (steps ?? 1), units: units + 1 });
    return { dataShard, batch, steps };
  }

  /** Whether a device may go on with a unit on this data shard: instructions may have given it to another. */
  allows(device: string, dataShard: number): boolean {
    if (!this.#active || this.#pins.free.includes(dataShard)) return true;
    return this.#pins.own.get(device)?.includes(dataShard) ?? false;
  }

  /** The plan in force. */
  report(): PlacementReport {
    const { method, shape } = this.#settings;
    const { origin, values, solver, roundMs: expected } = this.#plan;
    const alike = (workers: number): Share => ({
      ...{ role: 'train', batch: shape.batch, steps: shape.steps, workers, dataShards: [] },
      why: ['the same unit for everyone, on each data shard in turn'],
    });
    return {
      ...{ method, number: this.#number, origin, values, solver, roundMs: expected, tookMs: this.#tookMs },
      devices: this.#devices().map(({ id, profile, times }) => {
        const share = this.#shares.get(id) ?? alike(profile.workers);
        const { batch, steps, workers, role, dataShards, why } = share;
        const unitMs = times.expectedMs(batch * (steps ?? 1));
        const engine = profile.engine?.name ?? null;
        return { device: id, role, batch, localSteps: steps, workers, engine, unitMs, dataShards, why };
      }),
      waiting: this.#active ? this.#pins.waiting : [],
      assignments: this.#assignments,
    };
  }

  /** Whether data shards, sizes and roles are this plan's to say. */
  get #active(): boolean {
    return this.#settings.method !== 'uniform' || this.#assignments.length > 0;
  }

  /** Half a unit, where the plan has small ones: what a unit costs whatever its size would else never show. */
  #gauge(share: Share): Pick<Share, 'batch' | 'steps'> {
    const { shape } = this.#settings;
    const samples = share.batch * (share.steps ?? 1);
    return samples > recipeSamples(shape) / 2 ? share : (sizeOf(samples / 2, shape) ?? share);
  }

  #able(): Device[] {
    return ableDevices(this.#devices(), this.#assignments);
  }

  #planSoon(): void {
    const { clock } = this.#parts;
    this.#cancelRest();
    if (this.#planning) return;
    const wait = this.#restsUntil - clock.now();
    if (wait <= 0) void this.#replan();
    else this.#cancelRest = clock.after(wait, () => void this.#replan());
  }

  async #replan(): Promise<void> {
    const { clock, solve } = this.#parts;
    const { method, budgetMs } = this.#settings;
    const begun = clock.now();
    this.#planning = true;
    this.#restsUntil = begun + this.#restMs;
    this.#restMs = Math.min(2 * this.#restMs, LONGEST_REST_MS);
    this.#forgetReserves(begun);
    this.noticed();
    const able = this.#able();
    const membership = membershipOf(this.#devices(), able);
    const devices = planDevices(able, this.#assignments, this.#settings.shape, (id) => this.#walked.has(id));
    const shape = this.#shapeFor(devices);
    this.#notePaces();
    const made = await makePlan(devices, shape, { method, solve, budgetMs });
    const plan = method === 'ilp' ? orRecipe(made, devices, shape) : made;
    this.#planning = false;
    // What was planned for others is of no use.
    if (membership !== membershipOf(this.#devices(), this.#able())) {
      this.#membership = '';
      this.noticed();
      return;
    }
    if (!this.#isBetter(plan, devices, shape)) return;
    this.#plan = plan;
    this.#tookMs = clock.now() - begun;
    this.#number++;
    this.#membership = membership;
    this.#reshare(this.#able());
    this.#changed();
  }

  /** A plan for others, or better than the one in force would be at the present pace of the devices [PL12]. */
  #isBetter(plan: Plan, devices: readonly PlanDevice[], shape: RunShape): boolean {
    const before = this.#plan.bundles;
    const had = new Set(before.map(({ device }) => device));
    if (plan.bundles.some(({ device }) => !had.has(device))) return true;
    const times = new Map(devices.map(({ device, time }) => [device, time]));
    const now = before.flatMap((bundle): Bundle[] => {
      const time = times.get(bundle.device) ?? null;
      return time === null ? [] : [{ ...bundle, ms: time.overheadMs + bundle.samples * time.msPerSample }];
    });
    return rateOf(plan.bundles, shape) > BETTER * rateOf(now, shape);
  }

  /** A round of fixed size opens without its number at last: a plan must not wait for more than there are. */
  #shapeFor(devices: readonly PlanDevice[]): RunShape {
    const { shape } = this.#settings;
    const workers = devices.reduce((sum, { time, workers }) => sum + (time === null ? 0 : workers), 0);
    return { ...shape, leastWorkers: Math.min(shape.leastWorkers, workers) };
  }

  #notePaces(): void {
    this.#paces.clear();
    for (const { id, times } of this.#devices()) {
      const ms = times.expectedMs(recipeSamples(this.#settings.shape));
      if (ms !== null) this.#paces.set(id, ms);
    }
  }

  #forgetReserves(now: number): void {
    for (const { id, times } of this.#devices()) {
      const since = this.#reservedAt.get(id);
      if (since === undefined || now - since < RESERVE_MS) continue;
      this.#reservedAt.delete(id);
      times.forget();
    }
  }

  #reshare(able: readonly Device[]): void {
    this.#pins = resolvePins(this.#indices(), this.#assignments, able);
    const before = this.#shares;
    this.#shares = sharesOf({
      ...{ devices: this.#devices(), able, plan: this.#plan, pins: this.#pins },
      ...{ assignments: this.#assignments, shape: this.#settings.shape },
      had: (device) => before.get(device)?.dataShards ?? [],
    });
    this.#noteReserves(able);
  }

  /** Wakes up when the first of those without work has been without for long enough. */
  #noteReserves(able: readonly Device[]): void {
    const now = this.#parts.clock.now();
    const reserved = able.filter(({ id }) => this.#shares.get(id)?.role === 'reserve').map(({ id }) => id);
    for (const id of this.#reservedAt.keys()) if (!reserved.includes(id)) this.#reservedAt.delete(id);
    for (const id of reserved) {
      if (this.#reservedAt.has(id)) continue;
      this.#reservedAt.set(id, now);
      this.#parts.clock.after(RESERVE_MS, () => this.#planSoon());
    }
  }

  #indices(): number[] {
    return this.#settings.shape.dataShards.map(({ index }) => index);
  }
}

/** The plan, or the recipe's unit for everyone where that is nearly as good: paces are never known to the tenth. */
function orRecipe(plan: Plan, devices: readonly PlanDevice[], shape: RunShape): Plan {
  const recipe = uniform(devices, shape);
  if (rateOf(plan.bundles, shape) > BETTER_THAN_RECIPE * rateOf(recipe, shape)) return plan;
  return { ...plan, origin: 'uniform', bundles: recipe, roundMs: roundMs(recipe, shape) };
}
