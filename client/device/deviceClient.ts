import type { WorkerState } from './workerState.ts';
import { RUN_STATES } from '../../shared/protocol/runState.ts';
import { parseModelSpec, type ModelSpec } from '../../shared/model/spec.ts';
import type { Arithmetic, DeviceDescription } from '../../shared/profile/profile.ts';
import type { Hello, Lease, Refusal, RunStatus } from '../../shared/protocol/messages.ts';
import { hasToAsk, type UnitEnd } from './asking.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { NoEngine } from '../engines/select.ts';
import { ConnectionLost, type Connection, type CoordinatorEvents } from '../transport/connection.ts';
import type { DeviceConditions } from './conditions.ts';
import { WorkerPool, type WorkerPoolParts, type PoolWorker } from './workerPool.ts';
import type { DataCache } from './dataCache.ts';
import { trainUnit, type UnitParts, type UnitResult } from './training.ts';
import { checkMap, Weights } from './weights.ts';

/**
 * loading: fetching and warming up the engine; connecting: no connection; waiting: joined, no work at present;
 * training: computing or submitting; stopped: the person stopped; failed: cannot go on, see the message.
 */

/** What a volunteer's owner (a page, a program, a test) is told. */
export interface DeviceClientEvents {
  /** @param outcome that the server refused it with, where that is why it failed. */
  state(state: WorkerState, message: string | null, outcome?: Outcome): void;
  /** An update was decided, or a unit failed. */
  unit(outcome: Outcome, samples: number): void;
  status(status: RunStatus): void;
  credentials(credentials: { device: string; token: string }): void;
  /** The number of workers that train from now on. */
  workers(count: number): void;
}

export interface DeviceClientParts {
  join: string;
  resume: { device: string; token: string } | null;
  description: DeviceDescription;
  conditions: DeviceConditions;
  data: DataCache;
  connect: (events: CoordinatorEvents) => Connection;
  workerPool: WorkerPoolParts;
  events: DeviceClientEvents;
}

/** After these the same connection would only be refused again. */
const FINAL: ReadonlySet<Outcome> = new Set([
  'WRONG_PROTOCOL',
  'REFUSED',
  'FULL',
  'REPLACED',
  'TOO_MANY_FAULTS',
]);

/** The server refused this device. */
class Refused extends Error {
  override name = 'Refused';
  readonly outcome: Outcome;

  constructor({ outcome, reason }: Refusal) {
    super(reason ?? OUTCOMES[outcome].means);
    this.outcome = outcome;
  }
}

/** After this many units in a row that failed for lack of weights or data, or at the push, the device stops asking. */
const MAX_FAILED_UNITS = 3;

/**
 * One device from joining to leaving: says hello, asks for work, has its workers do one lease after another, joins
 * again when the connection comes back. Driven by messages alone, never by timers, so that a hidden page goes on.
 */
export class DeviceClient {
  readonly #parts: DeviceClientParts;
  readonly #connection: Connection;
  #workerPool: WorkerPool | null = null;
  /** The worker pool that was asked for last, and the declaration of its model and arithmetic. */
  #loading: { declaration: string; workerPool: Promise<WorkerPool> } | null = null;
  #training: Omit<UnitParts, 'engine'> | null = null;
  #resume: Hello['resume'];
  /** Counts the connections, so that what an earlier one started does not speak for this one. */
  #epoch = 0;
  #over = false;
  #failedUnits = 0;
  /** Why the plan has no work for this device; null where it has. */
  #reserve: string | null = null;

  constructor(parts: DeviceClientParts) {
    this.#parts = parts;
    this.#resume = parts.resume ?? undefined;
    parts.events.state('connecting', null);
    this.#connection = parts.connect({
      connected: () => void this.#guarded(++this.#epoch, (epoch) => this.#join(epoch)),
      disconnected: () => this.#lost(),
      lease: (lease) => this.#assign(lease),
      status: (status) => {
        parts.events.status(status);
        if (!RUN_STATES[status.state].trains && this.#training !== null) parts.events.state('waiting', null);
      },
      reserve: (why) => this.#setAside(why),
      closing: (refusal) => {
        if (FINAL.has(refusal.outcome)) this.#fail(new Refused(refusal));
      },
      garbled: (reason) => this.#fail(new Error(reason)),
    });
  }

  /** Its conditions changed: the server may give it other work. */
  conditionsChanged(): void {
    if (this.#training !== null) void this.#guarded(this.#epoch, () => this.#ready());
  }

  /** Releases its leases and closes the connection. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.#epoch++;
    const joined = this.#training !== null;
    // A lease that arrives after the leave is not started.
    this.#training = null;
    if (joined) await this.#connection.coordinator.leave().catch(() => undefined);
    this.#close('stopped', null);
  }

  async #join(epoch: number): Promise<void> {
    const { join, description, conditions, events, data } = this.#parts;
    const answer = await this.#connection.coordinator.hello({
      protocol: PROTOCOL_VERSION,
      join,
      profile: {
        ...description,
        ...(this.#workerPool?.report ?? { engine: null, trials: [], workers: 1 }),
        conditions: conditions.present,
      },
      ...(this.#resume === undefined ? {} : { resume: this.#resume }),
    });
    if (this.#stale(epoch)) return;
    if (!('device' in answer)) throw new Refused(answer);
    this.#resume = { device: answer.device, token: answer.token };
    events.credentials(this.#resume);
    const model = parseModelSpec(answer.model);
    checkMap(model, answer.shards);
    await this.#crewFor(model, answer.arithmetic).catch((error: unknown) => this.#sayWhyNot(error));
    if (this.#stale(epoch)) return;
    const shards = await this.#connection.joinShards(answer);
    if (this.#stale(epoch)) return;
    const weights = new Weights(answer.shards, shards, this.#parts.workerPool.limit);
    this.#training = { weights, shards, dataShard: (ref) => data.get(ref) };
    events.state('waiting', this.#reserve);
    await this.#ready();
    await this.#grow(epoch);
  }

  /** Starts a worker pool once a model, however often the connection is lost. */
  #crewFor(model: ModelSpec, arithmetic: Arithmetic): Promise<WorkerPool> {
    const declaration = JSON.stringify([model, arithmetic]);
    if (this.#loading?.declaration !== declaration) {
      this.#workerPool?.dispose();
      this.#workerPool = null;
      this.#loading = { declaration, workerPool: this.#raise(model, arithmetic, declaration) };
    }
    return this.#loading.workerPool;
  }

  /** No engine works here: the server's admin is sent the trials before this device gives up [EN15]. */
  async #sayWhyNot(error: unknown): Promise<never> {
    if (error instanceof NoEngine) {
      const { trials } = error;
      const conditions = this.#parts.conditions.present;
      await this.#connection.coordinator.ready({ engine: null, trials, workers: 1, conditions });
    }
    throw error;
  }

  async #raise(model: ModelSpec, arithmetic: Arithmetic, declaration: string): Promise<WorkerPool> {
    this.#parts.events.state('loading', null);
    const workerPool = await WorkerPool.start(this.#parts.workerPool, model, arithmetic);
    if (this.#over || this.#loading?.declaration !== declaration) workerPool.dispose();
    else this.#workerPool = workerPool;
    return workerPool;
  }

  /** The first worker trains already; the others come in one by one. */
  async #grow(epoch: number): Promise<void> {
    const workerPool = this.#workerPool;
    while ((await workerPool?.grow()) === true) {
      if (this.#stale(epoch) || workerPool !== this.#workerPool) return;
      await this.#ready();
    }
  }

  /** Tells what it trains with, and asks for work where a worker has none. */
  async #ready(): Promise<void> {
    if (this.#workerPool === null) return;
    const { report } = this.#workerPool;
    this.#parts.events.workers(report.workers);
    const { conditions } = this.#parts;
    await conditions.roundTrip(() =>
      this.#connection.coordinator.ready({ ...report, conditions: conditions.present }),
    );
  }

  /** A worker does one lease at a time: the next may arrive before the last shard has answered for this one. */
  #assign(lease: Lease): void {
    const epoch = this.#epoch;
    void this.#workerPool?.do((worker) => this.#guarded(epoch, () => this.#work(lease, worker, epoch)));
  }

  async #work(lease: Lease, worker: PoolWorker, epoch: number): Promise<void> {
    const { events } = this.#parts;
    const { engines } = worker;
    if (this.#training === null) return;
    events.state('training', null);
    const parts = { ...this.#training, engine: engines.engine };
    const result = await trainUnit(lease, parts, () => (worker.submitting = true));
    if (this.#stale(epoch)) return;
    let end: UnitEnd = { type: 'released' };
    let news = false;
    if (!result.done) {
      events.unit('WITHDRAWN', 0);
      await this.#giveUp(lease, result, worker);
    } else {
      this.#failedUnits = 0;
      events.unit(result.outcome, result.samples);
      end = { type: 'answered', version: result.brought };
      const { batch, local } = lease.unit;
      const { lr, momentum } = local ?? { lr: 0, momentum: 0 };
      news = await engines.reconsider({ ...result.work, local: { batch, lr, momentum } });
    }
    if (this.#stale(epoch)) return;
    const asks = hasToAsk(end);
    const alone = (this.#workerPool?.busy ?? 0) <= 1;
    if (alone && (asks || this.#reserve !== null)) events.state('waiting', this.#reserve);
    if (asks || news) await this.#ready();
  }

  /** Releases a lease that could not be computed, and drops the engine where that is at fault. */
  async #giveUp(
    { terms }: Lease,
    { fault, reason }: Extract<UnitResult, { done: false }>,
    worker: PoolWorker,
  ): Promise<void> {
    await this.#connection.coordinator.release(terms.lease, reason);
    switch (fault) {
      case 'engine':
        await this.#workerPool?.failed(worker, reason);
        break;
      case 'supply':
      case 'push':
        if (++this.#failedUnits >= MAX_FAILED_UNITS) throw new Error(reason);
        break;
    }
  }

  /** Runs a step of one connection; what fails once that connection ended is no failure. */
  async #guarded(epoch: number, step: (epoch: number) => Promise<void>): Promise<void> {
    if (this.#stale(epoch)) return;
    try {
      await step(epoch);
    } catch (error) {
      if (this.#stale(epoch)) return;
      if (error instanceof ConnectionLost) this.#connection.restart();
      else this.#fail(error);
    }
  }

  /** What is under way is finished. */
  #setAside(why: string | null): void {
    this.#reserve = why === null ? null : `in reserve: ${why}`;
    if (this.#training !== null && (this.#workerPool?.busy ?? 0) === 0)
      this.#parts.events.state('waiting', this.#reserve);
  }

  #lost(): void {
    this.#epoch++;
    this.#reserve = null;
    this.#training = null;
    if (!this.#over) this.#parts.events.state('connecting', null);
  }

  #fail(error: unknown): void {
    this.#close('failed', errorMessage(error), error instanceof Refused ? error.outcome : undefined);
  }

  #close(state: 'stopped' | 'failed', message: string | null, outcome?: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#epoch++;
    this.#training = null;
    this.#connection.close();
    this.#workerPool?.dispose();
    this.#parts.events.state(state, message, outcome);
  }

  #stale(epoch: number): boolean {
    return this.#over || epoch !== this.#epoch;
  }
}
