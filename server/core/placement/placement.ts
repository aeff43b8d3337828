import {
  PLACEMENT_METHODS,
  ROLES,
  type PlacementConstraint,
  type PlacementReport,
} from '../../../shared/protocol/placement.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../crowd/device.ts';
import { voicesOf } from '../crowd/trust.ts';
import { MODES } from '../policy/modes.ts';
import type { WorkerCounts, ReadyWorker } from '../policy/policy.ts';
import { samplesOfSize, type PlannedUnit } from '../unit.ts';
import { holdOthers, isBounded, plannedFor } from './bounded.ts';
import { BoundedShare, type OtherDevice } from './boundedShare.ts';
import { limitsOf } from './limits.ts';
import { ConstraintError, readConstraints } from './constraints.ts';
import { hasData, resolvePins, type Pins } from './pins.ts';
import { exactDevices } from './exactDevices.ts';
import { defaultUnitSamples } from './plan.ts';
import { ableDevices, planDevices } from './planDevices.ts';
import { PlanKeeper, type PlanParts, type PlanSettings } from './planKeeper.ts';
import { PlannedWork } from './plannedWork.ts';
import type { SampleRange } from './progress.ts';
import { Reserves } from './reserves.ts';
import { allocationsOf, type Allocation } from './allocations.ts';
import { newcomerOf, withoutPlan } from './unplanned.ts';
import { planningKeyOf, PlanningKeys } from './planningKeys.ts';

const FIXED = 'This run is repeatable: its units follow from its seed, and no constraint may change that.';

/** The devices that there is work for; what is not a list takes no longer where more are here. */
export interface PlacedCrowd {
  /** Those that are present. */
  present: () => Device[];
  /** Of those, the ones that are trusted. */
  unbounded: () => Device[];
  get: (device: string) => Device | undefined;
  /** Workers of present devices that may have work. */
  readonly workers: number;
  readonly size: number;
  /** Those of them that ask for a lease. */
  readonly waiting: number;
}

export interface PlacementParts extends PlanParts {
  crowd: PlacedCrowd;
  /** Another plan is in force: there may be work for a device that had none. */
  replanned: () => void;
}

const SMALL_POPULATION = 100;
const REALLOCATE_REST_MS = 10;

/**
 * Which device works on what: the allocations of the plan in force, kept up to date as devices come, go and change, within
 * the device limits and the constraints from outside. Where the method is uniform, there are no constraints and all
 * devices may be asked for the same, placement is inactive, and work follows from lanes and steps alone [PL1].
 */
export class Placement {
  readonly #settings: PlanSettings;
  readonly #clock: Clock;
  readonly #keeper: PlanKeeper;
  readonly #planningKeys = new PlanningKeys();
  readonly #reserves: Reserves;
  readonly #work: PlannedWork;
  readonly #share: BoundedShare;
  readonly #crowd: PlacedCrowd;
  readonly #replanned: () => void;
  #constraints: PlacementConstraint[] = [];
  /** Whether plans decide what work is given out. */
  #active = false;
  #allocations = new Map<string, Allocation>();
  #pins: Pins;
  /** Changes of planning keys that the newest allocations took into account. */
  #allocatedAt = 0;
  #mayReallocateFrom = -Infinity;
  #cancelReallocation: () => void = () => undefined;

  constructor(settings: PlanSettings, parts: PlacementParts) {
    this.#settings = settings;
    this.#crowd = parts.crowd;
    this.#replanned = parts.replanned;
    this.#clock = parts.clock;
    this.#pins = this.#noPins();
    this.#work = new PlannedWork(settings.shape);
    this.#share = new BoundedShare(parts.clock, () => this.#replanned());
    this.#reserves = new Reserves(parts.clock, (id) => this.#measureAnew(id));
    this.#keeper = new PlanKeeper(settings, parts, {
      devices: () => this.#devices(),
      asked: () => planDevices(plannedFor(this.#able()), this.#constraints, settings.shape, this.#pins),
      planningKeys: this.#planningKeys,
      made: () => {
        this.#reallocate();
        this.#replanned();
      },
    });
  }

  /**
   * Takes constraints from outside; they replace those before.
   * @throws {ConstraintError} where they cannot hold; nothing has changed then.
   */
  direct(body: unknown): void {
    const devices = this.#devices();
    const { shape, repeatable } = this.#settings;
    const constraints = readConstraints(body, shape, devices);
    if (repeatable && constraints.length > 0) throw new ConstraintError('IMPOSSIBLE', FIXED);
    this.#constraints = constraints;
    for (const device of devices) this.#note(device);
    this.#cancelReallocation();
    this.#reallocate();
    if (this.#active) this.#keeper.renew();
    this.#replanned();
  }

  /** A device came, went, or reported a change. */
  noticed(device: Device): void {
    if (this.#note(device)) this.#reallocateSoon();
  }

  /** A device submitted an update, or was late: a change of its pace by a tenth is worth another plan [PL12]. */
  measured(device: Device): void {
    if (!this.#active) return;
    if (device.times.settled) this.#keeper.measured(device);
    this.noticed(device);
  }

  /** A commit was made, of updates of these devices. */
  committed(devices: readonly string[]): void {
    if (this.#active && MODES[this.#settings.shape.mode].hasRounds) this.#keeper.committed(devices);
  }

  /** Those of the ready workers that may have work now, with the expected time of a unit of theirs. */
  admit(ready: readonly { device: string; seat: number }[]): ReadyWorker[] {
    if (ready.length === 0) return [];
    const isWelcome = this.#welcomes();
    const working = new Map<string, number>();
    const asking = ready.flatMap(({ device: id, seat }) => {
      const device = this.#crowd.get(id);
      const busy = working.get(id) ?? device?.leases.length ?? 0;
      if (device === undefined || !isWelcome(device) || busy >= this.#mostOf(device)) return [];
      working.set(id, busy + 1);
      const samples = this.#samplesOf(id);
      const { times } = device;
      const unitMs = this.#active || times.proven ? times.expectedMs(samples) : null;
      const voices = voicesOf(device.history.trust);
      return [{ device: id, seat, unitMs, samples, isBounded: isBounded(device), voices }];
    });
    return this.#share
      .admit(asking, () => this.#others())
      .map(({ device, seat, unitMs, isBounded, voices }) => ({ device, seat, unitMs, isBounded, voices }));
  }

  /** How many workers are here, and get work. */
  workerCounts(): WorkerCounts {
    const { workers, waiting } = this.#crowd;
    return { present: workers, waiting, able: () => this.#ableWorkers() };
  }

  #ableWorkers(): number {
    const welcome = this.#welcome().filter(({ works }) => works);
    const ableOf = (devices: readonly Device[]) =>
      devices.reduce((sum, device) => sum + Math.min(device.seats.length, this.#mostOf(device)), 0);
    const bounded = ableOf(welcome.filter(isBounded));
    const others = ableOf(welcome.filter((device) => !isBounded(device)));
    return others + this.#share.workersOf(bounded, () => this.#others());
  }

  /** Gives a device its next unit, which starts where the last one on its data shard ended; null where it follows from lane and step. */
  nextUnit(device: Device): PlannedUnit | null {
    const { id, history } = device;
    const allocation = this.#active ? this.#allocations.get(id) : undefined;
    const unit = allocation === undefined ? null : this.#work.next(history, allocation);
    if (allocation !== undefined && unit === null)
      throw new Error(`placement: device ${id} has no data shard`);
    const samples = unit === null ? this.#samplesOf(id) : samplesOfSize(unit);
    this.#share.granted({ isBounded: isBounded(device), samples });
    return unit;
  }

  /** A unit of a plan was lost: its samples are to be visited by another. */
  lost(range: SampleRange): void {
    this.#work.lost(range);
  }

  /** Whether a device may keep a unit on this data shard: a constraint may have pinned it to another. */
  allows(device: string, dataShard: number): boolean {
    if (!this.#active || this.#pins.free.includes(dataShard)) return true;
    return this.#pins.own.get(device)?.includes(dataShard) ?? false;
  }

  /** The plan in force. */
  report(): PlacementReport {
    const { method, shape } = this.#settings;
    const { number, tookMs, roundOverheadMs, plan } = this.#keeper;
    const { origin, values, solver, roundMs } = plan;
    const admitted = new Set(this.#welcome().map(({ id }) => id));
    const unallocated = (device: Device): Allocation =>
      this.#active ? newcomerOf(shape) : withoutPlan(device, admitted.has(device.id), shape);
    return {
      method,
      number,
      origin,
      values,
      solver,
      roundMs,
      roundOverheadMs,
      tookMs,
      devices: this.#devices().map((device) => {
        const { id, profile, times } = device;
        const { batch, steps, workers, role, dataShards, why } =
          this.#allocations.get(id) ?? unallocated(device);
        const unitMs = times.expectedMs(samplesOfSize({ batch, steps }));
        const engine = profile.engine?.name ?? null;
        return { device: id, role, batch, localSteps: steps, workers, engine, unitMs, dataShards, why };
      }),
      waiting: this.#pins.waiting,
      constraints: this.#constraints,
    };
  }

  /** Workers of a device that may have work at a time; all of one that is welcome where plans decide nothing. */
  #mostOf({ id, seats }: Device): number {
    if (!this.#active) return seats.length;
    const { dataShards, workers } = this.#allocations.get(id) ?? { dataShards: [], workers: 0 };
    return dataShards.length === 0 ? 0 : workers;
  }

  /** Of the next unit of a device. */
  #samplesOf(device: string): number {
    const allocation = this.#active ? this.#allocations.get(device) : undefined;
    return allocation === undefined ? defaultUnitSamples(this.#settings.shape) : samplesOfSize(allocation);
  }

  /** The devices that bounded ones are held back for; in a repeatable run, where all units are the same, none. */
  #others(): OtherDevice[] {
    if (this.#settings.repeatable) return [];
    const trusted = this.#crowd.unbounded();
    if (!holdOthers(trusted, this.#crowd.size)) return [];
    return trusted.flatMap((device) => {
      const { id, works, profile, leases, ready, seats } = device;
      const workers = Math.min(seats.length, this.#mostOf(device));
      if (!works || profile.engine === null || workers === 0) return [];
      return [{ isActive: leases.length + ready.length > 0, workers, samples: this.#samplesOf(id) }];
    });
  }

  #devices(): Device[] {
    return this.#crowd.present();
  }

  /** The devices here that may have work while placement is inactive. */
  #welcome(): Device[] {
    const { repeatable, shape } = this.#settings;
    return repeatable ? exactDevices(this.#devices(), shape) : this.#devices();
  }

  /** Whether a device is one of those. */
  #welcomes(): (device: Device) => boolean {
    if (!this.#settings.repeatable) return ({ isHere }) => isHere;
    const welcome = new Set(this.#welcome());
    return (device) => welcome.has(device);
  }

  #able(): Device[] {
    return ableDevices(this.#devices(), this.#constraints, this.#settings.shape);
  }

  /** Returns whether what may be asked of a device has changed. */
  #note(device: Device): boolean {
    const here = device.isHere;
    const text = here ? planningKeyOf(device, this.#constraints, this.#settings.shape) : null;
    return this.#planningKeys.note(device.id, text);
  }

  #measureAnew(id: string): void {
    const device = this.#crowd.get(id);
    if (device?.isHere !== true) return;
    device.times.forget();
    this.noticed(device);
    this.#replanned();
  }

  /** At once while there are few devices; with many, where it takes long, at limited intervals. */
  #reallocateSoon(): void {
    this.#cancelReallocation();
    const wait = this.#mayReallocateFrom - this.#clock.now();
    if (wait <= 0) {
      this.#reallocate();
      return;
    }
    this.#cancelReallocation = this.#clock.after(wait, () => {
      this.#reallocate();
      this.#replanned();
    });
  }

  /** Gives each device its allocation of the plan in force, and requests a new plan where what may be asked of one has changed. */
  #reallocate(): void {
    const devices = this.#devices();
    this.#mayReallocateFrom =
      this.#clock.now() + REALLOCATE_REST_MS * Math.floor(devices.length / SMALL_POPULATION);
    const wasActive = this.#active;
    this.#active = this.#hasSay(devices);
    if (!this.#active) {
      if (wasActive) this.#yield();
      return;
    }
    this.#allocate(devices);
    if (this.#allocatedAt === this.#planningKeys.changes) return;
    this.#allocatedAt = this.#planningKeys.changes;
    this.#keeper.renew();
    // Data shards may have been taken from a device that has a lease on one.
    if (this.#constraints.length > 0) this.#replanned();
  }

  #allocate(devices: readonly Device[]): void {
    const { shape } = this.#settings;
    const able = this.#able();
    const trusted = able.filter((device) => !isBounded(device));
    const hasOthers = holdOthers(trusted, able.length);
    this.#pins = resolvePins(this.#indices(), this.#constraints, able);
    const before = this.#allocations;
    this.#allocations = allocationsOf({
      devices,
      able,
      plan: this.#keeper.plan,
      pins: this.#pins,
      constraints: this.#constraints,
      shape,
      countsOn: ({ id }) => this.#keeper.countsOn(id),
      isApart: (device) => hasOthers && isBounded(device),
    });
    for (const { id, history } of devices) {
      const { dataShards = [] } = this.#allocations.get(id) ?? {};
      if (dataShards.length > 0) history.dataShards = dataShards;
    }
    const tooSlow = able.filter(({ id }) => {
      const allocation = this.#allocations.get(id);
      return hasData(this.#pins, id) && allocation !== undefined && !ROLES[allocation.role].works;
    });
    this.#reserves.are(
      tooSlow.map(({ id, times }) => ({
        device: id,
        trained: before.get(id)?.role === 'train' && times.continued,
      })),
    );
  }

  /** Whether plans decide data shards, sizes and roles: not where all devices may be asked for the same. */
  #hasSay(devices: readonly Device[]): boolean {
    const { method, shape, repeatable } = this.#settings;
    if (repeatable) return false;
    if (PLACEMENT_METHODS[method].differs || this.#constraints.length > 0) return true;
    if ([shape.requires, shape.prefers].some((selector) => Object.keys(selector).length > 0)) return true;
    return devices.some(({ profile }) => limitsOf(profile).reasons.length > 0);
  }

  /** Placement is inactive from now on. */
  #yield(): void {
    this.#keeper.forget();
    this.#allocations.clear();
    this.#pins = this.#noPins();
    this.#reserves.are([]);
  }

  #noPins(): Pins {
    return { own: new Map(), free: this.#indices(), waiting: [] };
  }

  #indices(): number[] {
    return this.#settings.shape.dataShards.map(({ index }) => index);
  }
}
