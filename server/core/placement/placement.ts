import type { Assignment, PlacementReport } from '../../../shared/protocol/placement.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../device.ts';
import type { Crowd, ReadyWorker } from '../policy/policy.ts';
import type { UnitShape } from '../unit.ts';
import { readDirectives } from './directives.ts';
import { resolvePins, type Pins } from './pins.ts';
import { recipeSamples, sizeOf, type PlacementMethod, type PlanDevice, type RunShape } from './plan.ts';
import { ableDevices, planDevices, standingOf } from './planDevices.ts';
import { makePlan, NO_PLAN, type Plan } from './planner.ts';
import type { Solve } from './program.ts';
import { Reserves } from './reserves.ts';
import { sharesOf, type Share } from './shares.ts';
import { orRecipe, takesOver } from './takeover.ts';
import { beginning, isGauge, step } from './walk.ts';

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

/** Plans are made no closer together than this at first, and twice that each time up to the other while nobody comes or goes. */
const [REST_MS, LONGEST_REST_MS] = [250, 4000];
/** A device's pace has changed when its units take longer or shorter by this. */
const PACE_CHANGE = 1.1;

/**
 * Who works on what: the plan in force, kept up to date as devices come, go and change their pace, within what their
 * owners and instructions from outside allow. Where the method is uniform, every device is as welcome as another and
 * nobody gave instructions it has no say, and work follows from lanes and steps alone [PL1].
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
  /** What each device's share was made for, by {@link standingOf}. */
  #standings = new Map<string, string>();
  #planning = false;
  #restsUntil = 0;
  #restMs = REST_MS;
  #cancelRest: () => void = () => undefined;
  /** Milliseconds of a recipe's unit by device, as the newest plan had them. */
  readonly #paces = new Map<string, number>();
  readonly #reserves: Reserves;

  constructor(settings: PlacementSettings, parts: PlacementParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#pins = { own: new Map(), free: this.#indices(), waiting: [] };
    this.#reserves = new Reserves(parts.clock, (id) => this.#measureAnew(id));
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
    this.#standings.clear();
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
    const standings = this.#standingsNow();
    if (isSame(standings, this.#standings)) return;
    this.#standings = standings;
    this.#restMs = REST_MS;
    this.#reshare();
    this.#planSoon();
    // Data shards may have been taken from somebody who has a lease on one.
    if (this.#assignments.length > 0) this.#changed();
  }

  /** A device handed something in, or was late: a change of its pace by a tenth is worth another plan [PL12]. */
  measured({ id, times }: Device): void {
    if (!this.#active || !times.settled) return;
    const before = this.#paces.get(id);
    const now = times.expectedMs(recipeSamples(this.#settings.shape)) ?? 0;
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
      if (share === undefined || busy >= this.#mostOf(device)) return [];
      working.set(device, busy + 1);
      return [{ device, seat, unitMs: unitMs(share.batch * (share.steps ?? 1)) }];
    });
  }

  /** How many workers may have work, and how many are here without. */
  crowd(): Crowd {
    const present = this.#devices().filter(({ standing }) => standing === 'present');
    const workers = present.reduce((sum, { seats }) => sum + seats.length, 0);
    if (!this.#active) return { able: workers, spared: 0 };
    const able = present.reduce((sum, { id, seats }) => sum + Math.min(seats.length, this.#mostOf(id)), 0);
    return { able, spared: workers - able };
  }

  /** What the next unit of a device is made of; null where that follows from its lane and step. */
  unitOf({ id, history }: Device): UnitShape | null {
    const share = this.#active ? this.#shares.get(id) : undefined;
    if (share === undefined) return null;
    const { dataShards } = this.#settings.shape;
    const samplesAShard = dataShards[0]?.samples ?? 1;
    const walk = history.walk ?? beginning(samplesAShard);
    const dataShard = dataShards[share.dataShards[walk.place % share.dataShards.length] ?? -1];
    if (dataShard === undefined) throw new Error(`placement: device ${id} has no data shard`);
    const { batch, steps } = isGauge(walk) ? this.#gauge(share) : share;
    history.walk = step(walk, batch * (steps ?? 1), samplesAShard);
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
    const { method, shape } = this.#settings;
    const chooses = [shape.requires, shape.prefers].some((selector) => Object.keys(selector).length > 0);
    return method !== 'uniform' || chooses || this.#assignments.length > 0;
  }

  /** Workers of a device that may have work at a time. */
  #mostOf(device: string): number {
    const { dataShards, workers } = this.#shares.get(device) ?? { dataShards: [], workers: 0 };
    return dataShards.length === 0 ? 0 : workers;
  }

  /** Half a unit, where the plan has small ones: what a unit costs whatever its size would else never show. */
  #gauge(share: Share): Pick<Share, 'batch' | 'steps'> {
    const { shape } = this.#settings;
    const samples = share.batch * (share.steps ?? 1);
    return samples > recipeSamples(shape) / 2 ? share : (sizeOf(samples / 2, shape) ?? share);
  }

  #able(): Device[] {
    return ableDevices(this.#devices(), this.#assignments, this.#settings.shape);
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
    const standings = this.#standings;
    const devices = planDevices(this.#able(), this.#assignments, this.#settings.shape, this.#pins);
    const shape = this.#shapeFor(devices);
    this.#notePaces();
    const made = await makePlan(devices, shape, { method, solve, budgetMs }).finally(() => {
      this.#planning = false;
    });
    const plan = method === 'ilp' && shape.mode === 'sync' ? orRecipe(made, devices, shape) : made;
    // What was planned for a device that is gone, or of which something else may be asked now, is of no use.
    const holds = ({ device }: { device: string }) => this.#standings.get(device) === standings.get(device);
    const bundles = plan.bundles.filter(holds);
    if (takesOver(bundles, this.#plan.bundles, devices.filter(holds), shape)) {
      this.#plan = { ...plan, bundles };
      this.#tookMs = clock.now() - begun;
      this.#number++;
      this.#reshare();
    }
    if (standings !== this.#standings) this.#planSoon();
    this.#changed();
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
      const ms = times.settled ? times.expectedMs(recipeSamples(this.#settings.shape)) : null;
      if (ms !== null) this.#paces.set(id, ms);
    }
  }

  #measureAnew(id: string): void {
    this.#devices()
      .find((device) => device.id === id)
      ?.times.forget();
    this.noticed();
    this.#changed();
  }

  #standingsNow(): Map<string, string> {
    const able = new Set(this.#able());
    return new Map(
      this.#devices().map((device) => [device.id, standingOf(device, able.has(device), this.#assignments)]),
    );
  }

  #reshare(): void {
    const [devices, able] = [this.#devices(), this.#able()];
    this.#pins = resolvePins(this.#indices(), this.#assignments, able);
    this.#shares = sharesOf({
      ...{ devices, able, plan: this.#plan, pins: this.#pins },
      ...{ assignments: this.#assignments, shape: this.#settings.shape },
    });
    for (const { id, history } of devices) {
      const { dataShards = [] } = this.#shares.get(id) ?? {};
      if (dataShards.length > 0) history.dataShards = dataShards;
    }
    this.#reserves.are(able.flatMap(({ id }) => (this.#shares.get(id)?.role === 'reserve' ? [id] : [])));
  }

  #indices(): number[] {
    return this.#settings.shape.dataShards.map(({ index }) => index);
  }
}

const isSame = (left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean =>
  left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
