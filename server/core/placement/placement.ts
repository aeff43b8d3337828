import type { Assignment, PlacementReport, ShareReport } from '../../../shared/protocol/placement.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../device.ts';
import type { ReadyWorker } from '../policy/policy.ts';
import type { DataShardRef } from '../work.ts';
import { courtesyTo } from './courtesy.ts';
import { assignDataShards } from './dataShards.ts';
import { isFor, nameOf, readDirectives } from './directives.ts';
import { resolvePins, type Pins } from './pins.ts';
import {
  rateOf,
  recipeSamples,
  sizeOf,
  type Bundle,
  type PlacementMethod,
  type PlanDevice,
  type RunShape,
} from './plan.ts';
import { makePlan, type Plan } from './planner.ts';
import type { Solve } from './program.ts';

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

/** What a device that has not been measured gets, of the recipe's unit. */
const PROBE_SHARE = 1 / 4;
/** Plans are made no closer together than this. */
const REST_MS = 250;
/** A plan of the same devices takes over only if it is better by this. */
const BETTER = 1.1;
/** A device's pace has changed when its units take longer or shorter by this. */
const PACE_CHANGE = 1.1;
/** A device that a plan left without work is measured anew after so long: it may have got faster. */
const RESERVE_MS = 30_000;

/** What is in force for one device. */
interface Share {
  role: ShareReport['role'];
  batch: number;
  steps: number | null;
  workers: number;
  dataShards: number[];
  why: string[];
}

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
  #plan: Plan = { origin: 'uniform', bundles: [], values: {}, solver: 'not asked', roundMs: 0 };
  #number = 0;
  #tookMs = 0;
  /** The devices of the plan in force, and which of them were measured, as one text. */
  #membership = '';
  #planning = false;
  #restsUntil = 0;
  #cancelRest: () => void = () => undefined;
  /** Samples granted so far, by device: how far it is on its walk through its data shards. */
  readonly #visited = new Map<string, number>();
  /** Milliseconds of a recipe's unit by device, as the newest plan had them. */
  readonly #paces = new Map<string, number>();
  readonly #reservedAt = new Map<string, number>();

  constructor(settings: PlacementSettings, parts: PlacementParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#pins = { own: new Map(), free: this.#indices(), waiting: [] };
  }

  /** @param devices those that are present; @param changed there may be work for somebody who had none. */
  attach(devices: () => Device[], changed: () => void): void {
    this.#devices = devices;
    this.#changed = changed;
  }

  /** Whether data shards, sizes and roles are this plan's to say. */
  get active(): boolean {
    return this.#settings.method !== 'uniform' || this.#assignments.length > 0;
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

  /** A device came, went, told news or handed something in. */
  noticed(): void {
    if (!this.active) {
      this.#shares.clear();
      return;
    }
    const membership = this.#membershipNow();
    if (membership !== this.#membership) {
      this.#membership = membership;
      this.#reshare(this.#plan.bundles);
    }
    this.#planSoon();
  }

  /** A device handed something in, or was late: a change of its pace by a tenth is worth another plan [PL12]. */
  measured({ id, times }: Device): void {
    if (!this.active) return;
    const { fit } = times;
    const before = this.#paces.get(id);
    if (fit === null) return;
    if (before === undefined) {
      this.noticed();
      return;
    }
    const samples = recipeSamples(this.#settings.shape);
    const ratio = (fit.overheadMs + samples * fit.msPerSample) / before;
    if (ratio > PACE_CHANGE || ratio < 1 / PACE_CHANGE) this.#planSoon();
  }

  /** Those of the ready workers that may have work now, with what a unit of theirs is expected to take. */
  admit(ready: readonly { device: string; seat: number }[]): ReadyWorker[] {
    if (ready.length === 0) return [];
    const devices = new Map(this.#devices().map((device) => [device.id, device]));
    const working = new Map<string, number>();
    return ready.flatMap(({ device, seat }) => {
      const { times, leases } = devices.get(device) ?? {};
      const unitMs = (samples: number) => times?.expectedMs(samples) ?? null;
      if (!this.active) return [{ device, seat, unitMs: unitMs(recipeSamples(this.#settings.shape)) }];
      const share = this.#shares.get(device);
      const busy = working.get(device) ?? leases?.length ?? 0;
      if (share === undefined || share.dataShards.length === 0 || busy >= share.workers) return [];
      working.set(device, busy + 1);
      return [{ device, seat, unitMs: unitMs(share.batch * (share.steps ?? 1)) }];
    });
  }

  /** What the next unit of a device is made of; null where that follows from its lane and step. */
  unitOf(device: string): UnitShape | null {
    const share = this.#shares.get(device);
    if (!this.active || share === undefined) return null;
    const visited = this.#visited.get(device) ?? 0;
    const { dataShards } = this.#settings.shape;
    const place = Math.floor(visited / (dataShards[0]?.samples ?? 1)) % share.dataShards.length;
    const dataShard = dataShards[share.dataShards[place] ?? 0];
    if (dataShard === undefined) throw new Error('placement: there are no data shards');
    this.#visited.set(device, visited + share.batch * (share.steps ?? 1));
    return { dataShard, batch: share.batch, steps: share.steps };
  }

  /** Whether a device may go on with a unit on this data shard: instructions may have given it to another. */
  allows(device: string, dataShard: number): boolean {
    if (!this.active || this.#pins.free.includes(dataShard)) return true;
    return this.#pins.own.get(device)?.includes(dataShard) ?? false;
  }

  /** The plan in force. */
  report(): PlacementReport {
    const { method, shape } = this.#settings;
    const { origin, values, solver, roundMs } = this.#plan;
    return {
      ...{
        method,
        number: this.#number,
        origin: origin as string,
        values,
        solver,
        roundMs,
        tookMs: this.#tookMs,
      },
      devices: this.#devices().map((device) => {
        const share = this.active ? this.#shares.get(device.id) : undefined;
        const { batch, steps, workers, role, dataShards, why } = share ?? {
          ...{
            role: 'train' as const,
            batch: shape.batch,
            steps: shape.steps,
            workers: device.profile.workers,
          },
          ...{ dataShards: [], why: ['the same unit for everyone, on each data shard in turn'] },
        };
        const unitMs = device.times.expectedMs(batch * (steps ?? 1));
        const engine = device.profile.engine?.name ?? null;
        return {
          device: device.id,
          role,
          batch,
          localSteps: steps,
          workers,
          engine,
          unitMs,
          dataShards,
          why,
        };
      }),
      waiting: this.active ? this.#pins.waiting : [],
      assignments: this.#assignments,
    };
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
    this.#planning = true;
    this.#restsUntil = clock.now() + REST_MS;
    this.#reconsiderReserves();
    const membership = this.#membershipNow();
    const begun = clock.now();
    const devices = this.#planDevices();
    const shape = this.#shapeFor(devices);
    this.#notePaces();
    const plan = await makePlan(devices, shape, { method, solve, budgetMs });
    this.#planning = false;
    // What was planned for others is of no use.
    if (membership !== this.#membershipNow()) {
      this.noticed();
      return;
    }
    if (!this.#isBetter(plan, devices)) return;
    this.#plan = plan;
    this.#tookMs = clock.now() - begun;
    this.#number++;
    this.#membership = membership;
    this.#reshare(plan.bundles);
    this.#changed();
  }

  /** Against the plan in force as it would do at the present pace of the devices [PL12]. */
  #isBetter(plan: Plan, devices: readonly PlanDevice[]): boolean {
    const { shape } = this.#settings;
    const before = this.#plan.bundles;
    if (setOf(before) !== setOf(plan.bundles) && before.length <= plan.bundles.length) return true;
    const now = before.flatMap((bundle): Bundle[] => {
      const time = devices.find(({ device }) => device === bundle.device)?.time ?? null;
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

  /** Devices that a plan left out for long are measured anew. */
  #reconsiderReserves(): void {
    const now = this.#parts.clock.now();
    for (const { id, times } of this.#devices()) {
      const since = this.#reservedAt.get(id);
      if (since === undefined || now - since < RESERVE_MS) continue;
      this.#reservedAt.delete(id);
      times.forget();
    }
  }

  /** Devices that may have work: present, with an engine, and not held back. */
  #able(): Device[] {
    return this.#devices().filter((device) => {
      if (device.standing !== 'present' || device.profile.engine === null) return false;
      return this.#instructed(device)?.role !== 'reserve' && !courtesyTo(device.profile).reserve;
    });
  }

  #membershipNow(): string {
    const able = new Set(this.#able());
    return this.#devices()
      .map((device) => {
        const { workers, share, dataShards } = courtesyTo(device.profile);
        const kind = !able.has(device) ? 'held' : device.times.fit === null ? 'new' : 'known';
        return `${device.id} ${kind} ${workers} ${share} ${dataShards ?? ''}`;
      })
      .join(';');
  }

  /** The last instruction for a device counts. */
  #instructed(device: Device): Assignment | undefined {
    return this.#assignments.findLast((each) => isFor(each, device));
  }

  #planDevices(): PlanDevice[] {
    const { shape } = this.#settings;
    return this.#able().map((device) => {
      const { share, workers } = courtesyTo(device.profile);
      const { batch, localSteps, workers: told } = this.#instructed(device) ?? {};
      const fixed = batch !== undefined || localSteps !== undefined;
      return {
        device: device.id,
        time: device.times.fit,
        mostSamples: Math.min(
          device.times.mostSamples ?? Infinity,
          share < 1 ? share * recipeSamples(shape) : Infinity,
        ),
        workers: Math.min(workers, told ?? workers),
        hasData: this.#visited.has(device.id),
        fixed: fixed ? { batch: batch ?? shape.batch, steps: localSteps ?? shape.steps } : null,
      };
    });
  }

  /** Gives every device its share of a plan, and those that are not in it what there is for them. */
  #reshare(bundles: readonly Bundle[]): void {
    const able = this.#able();
    this.#pins = resolvePins(this.#indices(), this.#assignments, able);
    const before = this.#shares;
    const planned = new Map(bundles.map((bundle) => [bundle.device, bundle]));
    const shares = new Map(
      this.#devices().map((device) => [device.id, this.#shareOf(device, able, planned)]),
    );
    const working = able.filter(({ id }) => shares.get(id)?.role !== 'reserve');
    const limited = new Map(working.map(({ id, profile }) => [id, courtesyTo(profile).dataShards]));
    const given = assignDataShards(
      this.#pins.free,
      working.map(({ id }) => {
        const { batch = 1, steps = null, workers = 1 } = shares.get(id) ?? {};
        const weight = limited.get(id) === null ? batch * (steps ?? 1) * workers : 0;
        return { device: id, weight, had: before.get(id)?.dataShards ?? [] };
      }),
    );
    for (const { id } of working) {
      const share = shares.get(id);
      if (share === undefined) continue;
      const pinned = this.#pins.own.get(id) ?? [];
      share.dataShards = [...pinned, ...(given.get(id) ?? [])];
      if (pinned.length > 0) share.why.push(`told to train on data shard ${pinned.join(', ')}`);
      if (share.dataShards.length === 0) share.why.push('every data shard is kept for other devices');
    }
    this.#shares = shares;
    this.#noteReserves(able);
  }

  #noteReserves(able: readonly Device[]): void {
    const now = this.#parts.clock.now();
    const reserved = new Set(
      able.flatMap(({ id }) => (this.#shares.get(id)?.role === 'reserve' ? [id] : [])),
    );
    for (const id of this.#reservedAt.keys()) if (!reserved.has(id)) this.#reservedAt.delete(id);
    for (const id of reserved) if (!this.#reservedAt.has(id)) this.#reservedAt.set(id, now);
  }

  #shareOf(device: Device, able: readonly Device[], planned: Map<string, Bundle>): Share {
    const { shape } = this.#settings;
    const courtesy = courtesyTo(device.profile);
    const why = [...courtesy.reasons];
    const instructed = this.#instructed(device);
    if (instructed !== undefined) why.push(`an instruction for ${nameOf(instructed)}`);
    const workers = Math.min(courtesy.workers, instructed?.workers ?? courtesy.workers);
    const none = { batch: shape.batch, steps: shape.steps, workers: 0, dataShards: [] };
    if (!able.includes(device)) {
      if (device.standing !== 'present') why.push('it has not asked for work');
      else if (device.profile.engine === null) why.push('it has no engine yet');
      else if (instructed?.role === 'reserve') why.push('told to wait in reserve');
      return { role: 'reserve', ...none, why };
    }
    const bundle = planned.get(device.id);
    if (bundle !== undefined) {
      const { batch, steps } = bundle;
      why.push(this.#whyOf(bundle, device));
      return { role: 'train', batch, steps, workers, dataShards: [], why };
    }
    if (device.times.fit !== null && this.#plan.bundles.length > 0) {
      why.push(`too slow for a round of ${this.#plan.roundMs.toFixed(0)} ms, which it would hold up`);
      return { role: 'reserve', ...none, why };
    }
    const probe = sizeOf(Math.max(shape.batch, PROBE_SHARE * courtesy.share * recipeSamples(shape)), shape);
    why.push('not measured yet: a small unit first');
    return { role: 'probe', ...(probe ?? shape), workers, dataShards: [], why };
  }

  #whyOf({ samples, ms }: Bundle, { times }: Device): string {
    const { shape } = this.#settings;
    const pace =
      times.fit === null ? '' : ` at ${(1000 / times.fit.msPerSample).toFixed(0)} samples/s a worker`;
    const of = `${samples} samples in about ${ms.toFixed(0)} ms${pace}`;
    switch (this.#plan.origin) {
      case 'uniform':
        return `${of}: the recipe's unit for all, which no other plan beats by a tenth`;
      case 'time box':
        return `${of}: the recipe's unit, or what fits in the time that takes the median device`;
      case 'greedy':
        return `${of}: in proportion to its pace`;
      case 'sweep':
      case 'ilp':
        return samples < recipeSamples(shape)
          ? `${of}: what fits in a round of ${this.#plan.roundMs.toFixed(0)} ms`
          : `${of}: within a round of ${this.#plan.roundMs.toFixed(0)} ms`;
    }
  }

  #indices(): number[] {
    return this.#settings.shape.dataShards.map(({ index }) => index);
  }
}

const setOf = (bundles: readonly Bundle[]): string =>
  bundles
    .map(({ device }) => device)
    .sort()
    .join();
