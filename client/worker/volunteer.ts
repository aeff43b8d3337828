import { parseModelSpec, type ModelSpec } from '../../shared/model/spec.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import type { CapabilityProfile, EngineReport, EngineTrial } from '../../shared/profile/profile.ts';
import type { Hello, Lease, RunStatus } from '../../shared/protocol/messages.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import type { Engines } from '../engines/select.ts';
import { ConnectionLost, type Connection, type CoordinatorEvents } from '../transport/connection.ts';
import type { DataCache } from './dataCache.ts';
import type { WorkerState } from './messages.ts';
import { trainUnit, type TrainingParts, type UnitResult } from './training.ts';
import { Weights } from './weights.ts';

/** What a volunteer's owner (a page, a program, a test) is told. */
export interface VolunteerEvents {
  state(state: WorkerState, message: string | null): void;
  /** An update was decided, or a unit came to nothing. */
  unit(outcome: Outcome, samples: number): void;
  status(status: RunStatus): void;
  credentials(credentials: { device: string; token: string }): void;
}

export interface VolunteerParts {
  join: string;
  resume: { device: string; token: string } | null;
  agent: Omit<CapabilityProfile, 'engine' | 'trials' | 'workers'>;
  data: DataCache;
  connect: (events: CoordinatorEvents) => Connection;
  /** Finds something to train the model of the run with. */
  selectEngines: (model: ModelSpec) => Promise<Engines>;
  events: VolunteerEvents;
}

/** After these the same connection would only be refused again. */
const FINAL: ReadonlySet<Outcome> = new Set([
  'WRONG_PROTOCOL',
  'REFUSED',
  'FULL',
  'REPLACED',
  'TOO_MANY_FAULTS',
]);

/** After so many units in a row whose weights or data could not be had there is no point in asking for more. */
const MAX_FAILED_UNITS = 3;

/**
 * One worker from joining to leaving: says hello, asks for work, does one lease after another, joins again
 * when the connection comes back. Driven by messages alone, never by timers, so that a hidden page goes on.
 */
export class Volunteer {
  readonly #parts: VolunteerParts;
  readonly #connection: Connection;
  #engines: Engines | null = null;
  /** The engines that were asked for last, and the declaration of their model. */
  #loading: { model: string; engines: Promise<Engines> } | null = null;
  #training: Omit<TrainingParts, 'engine'> | null = null;
  #resume: Hello['resume'];
  /** Counts the connections, so that what an earlier one started does not speak for this one. */
  #epoch = 0;
  #over = false;
  #failedUnits = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(parts: VolunteerParts) {
    this.#parts = parts;
    this.#resume = parts.resume ?? undefined;
    parts.events.state('connecting', null);
    this.#connection = parts.connect({
      connected: () => void this.#guarded(++this.#epoch, (epoch) => this.#join(epoch)),
      disconnected: () => this.#lost(),
      lease: (lease) => this.#enqueue(lease),
      status: (status) => {
        parts.events.status(status);
        if (status.state !== 'running' && this.#training !== null) parts.events.state('waiting', null);
      },
      closing: ({ outcome, reason }) => {
        if (FINAL.has(outcome)) this.#close('failed', reason ?? OUTCOMES[outcome].means);
      },
    });
  }

  /** Gives back what is leased and closes the connection. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.#epoch++;
    const joined = this.#training !== null;
    // A lease that crosses the goodbye is not begun.
    this.#training = null;
    if (joined) await this.#connection.coordinator.leave().catch(() => undefined);
    this.#close('stopped', null);
  }

  async #join(epoch: number): Promise<void> {
    const { join, agent, events, data } = this.#parts;
    const answer = await this.#connection.coordinator.hello({
      protocol: PROTOCOL_VERSION,
      join,
      profile: { ...agent, ...this.#report(), workers: 1 },
      ...(this.#resume === undefined ? {} : { resume: this.#resume }),
    });
    if (this.#stale(epoch)) return;
    if (!('device' in answer)) throw new Error(answer.reason ?? OUTCOMES[answer.outcome].means);
    this.#resume = { device: answer.device, token: answer.token };
    events.credentials(this.#resume);
    const model = parseModelSpec(answer.model);
    await this.#enginesFor(model);
    if (this.#stale(epoch)) return;
    const shards = this.#connection.joinShards(answer.shards, answer.run, answer.device, answer.pass);
    const weights = new Weights(answer.shards, shards);
    this.#training = { weights, shards, dataShard: (ref) => data.get(ref) };
    events.state('waiting', null);
    await this.#ready();
  }

  /** Selects engines once a model, however often the connection is lost meanwhile. */
  #enginesFor(model: ModelSpec): Promise<Engines> {
    const declaration = JSON.stringify(model);
    if (this.#loading?.model !== declaration) {
      this.#engines?.dispose();
      this.#engines = null;
      this.#loading = { model: declaration, engines: this.#select(model, declaration) };
    }
    return this.#loading.engines;
  }

  async #select(model: ModelSpec, declaration: string): Promise<Engines> {
    this.#parts.events.state('loading', null);
    const engines = await this.#parts.selectEngines(model);
    if (this.#over || this.#loading?.model !== declaration) engines.dispose();
    else this.#engines = engines;
    return engines;
  }

  #report(): { engine: EngineReport | null; trials: EngineTrial[] } {
    if (this.#engines === null) return { engine: null, trials: [] };
    return { engine: reportOf(this.#engines.engine), trials: this.#engines.trials };
  }

  /** Tells what it trains with, and asks for work where it has none. */
  async #ready(): Promise<void> {
    const { engine, trials } = this.#report();
    if (engine !== null) await this.#connection.coordinator.ready({ engine, trials, workers: 1 });
  }

  /** Leases are done one at a time: the next may arrive before the last shard has answered for this one. */
  #enqueue(lease: Lease): void {
    const epoch = this.#epoch;
    this.#working = this.#working.then(() => this.#guarded(epoch, () => this.#work(lease, epoch)));
  }

  async #work(lease: Lease, epoch: number): Promise<void> {
    const { events } = this.#parts;
    const [training, engines] = [this.#training, this.#engines];
    if (training === null || engines === null) return;
    events.state('training', null);
    const result = await trainUnit(lease, { ...training, engine: engines.engine });
    if (this.#stale(epoch)) return;
    if (!result.done) {
      events.unit('WITHDRAWN', 0);
      await this.#giveUp(lease, result, engines);
    } else {
      this.#failedUnits = 0;
      events.unit(result.outcome, result.samples);
      const { batch, local } = lease.unit;
      const { lr, momentum } = local ?? { lr: 0, momentum: 0 };
      const news = await engines.reconsider({ ...result.work, local: { batch, lr, momentum } });
      if (result.refreshed && !news) return;
    }
    if (this.#stale(epoch)) return;
    if (!result.done || !result.refreshed) events.state('waiting', null);
    await this.#ready();
  }

  /** Gives back a lease that could not be done, and whatever is at fault for it. */
  async #giveUp(
    { terms }: Lease,
    { fault, reason }: Extract<UnitResult, { done: false }>,
    engines: Engines,
  ): Promise<void> {
    await this.#connection.coordinator.release(terms.lease, reason);
    if (fault === 'engine') await engines.failed(reason);
    else if (++this.#failedUnits >= MAX_FAILED_UNITS) throw new Error(reason);
  }

  /** Runs a step of one connection; what fails once that connection is gone is no failure. */
  async #guarded(epoch: number, step: (epoch: number) => Promise<void>): Promise<void> {
    if (this.#stale(epoch)) return;
    try {
      await step(epoch);
    } catch (error) {
      if (this.#stale(epoch)) return;
      if (error instanceof ConnectionLost) this.#connection.restart();
      else this.#close('failed', error instanceof Error ? error.message : String(error));
    }
  }

  #lost(): void {
    this.#epoch++;
    this.#training = null;
    if (!this.#over) this.#parts.events.state('connecting', null);
  }

  #close(state: 'stopped' | 'failed', message: string | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#epoch++;
    this.#training = null;
    this.#connection.close();
    this.#engines?.dispose();
    this.#parts.events.state(state, message);
  }

  #stale(epoch: number): boolean {
    return this.#over || epoch !== this.#epoch;
  }
}

function reportOf({ name, detail, software }: Engine): EngineReport {
  return { name, detail: detail.slice(0, 200), software };
}
