import type { WorkerState } from './workerState.ts';
import { RUN_STATES } from '../../shared/protocol/runState.ts';
import { parseModelSpec } from '../../shared/model/spec.ts';
import type { DeviceDescription } from '../../shared/profile/profile.ts';
import type { Hello, Lease, RunDescription, RunStatus, Welcome } from '../../shared/protocol/messages.ts';
import { hasToAsk, type UnitEnd } from './asking.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { NoEngine } from '../engines/select.ts';
import { ConnectionLost, type Connection, type CoordinatorEvents } from '../transport/connection.ts';
import type { DeviceConditions } from './conditions.ts';
import { FINAL, ServerRefusal } from './serverRefusal.ts';
import { PoolKeeper } from './poolKeeper.ts';
import type { WorkerPoolParts, PoolWorker } from './workerPool.ts';
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

/** After this many units in a row that failed for lack of weights or data, or at the push, the device stops asking. */
const MAX_FAILED_UNITS = 3;

/**
 * One device from joining to leaving: says hello, asks for work, has its workers do one lease after another, joins
 * again when the connection comes back. Driven by messages alone, never by timers, so that a hidden page goes on.
 */
export class DeviceClient {
  readonly #parts: DeviceClientParts;
  readonly #connection: Connection;
  readonly #pools: PoolKeeper;
  /** Who the device is, and the run that it trains for, as the server said over the present connection. */
  #welcome: Welcome | null = null;
  #run: RunDescription | null = null;
  #training: (Omit<UnitParts, 'engine'> & { incarnation: string }) | null = null;
  #resume: Hello['resume'];
  /** Counts the connections, so that what an earlier one started does not speak for this one. */
  #epoch = 0;
  #over = false;
  #failedUnits = 0;
  /** Why the plan has no work for this device; null where it has. */
  #reserve: string | null = null;

  constructor(parts: DeviceClientParts) {
    this.#parts = parts;
    this.#pools = new PoolKeeper(parts.workerPool);
    this.#resume = parts.resume ?? undefined;
    parts.events.state('connecting', null);
    this.#connection = parts.connect({
      connected: () => void this.#guarded(++this.#epoch, (epoch) => this.#join(epoch)),
      disconnected: () => this.#lost(),
      run: (run) => this.#told(run),
      lease: (lease) => this.#assign(lease),
      status: (status) => {
        parts.events.status(status);
        if (!RUN_STATES[status.state].trains && this.#training !== null) parts.events.state('waiting', null);
      },
      reserve: (why) => this.#setAside(why),
      closing: (refusal) => {
        if (FINAL.has(refusal.outcome)) this.#fail(new ServerRefusal(refusal));
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
    const { join, description, conditions, events } = this.#parts;
    const answer = await this.#connection.coordinator.hello({
      protocol: PROTOCOL_VERSION,
      join,
      profile: {
        ...description,
        ...(this.#pools.pool?.report ?? { engine: null, trials: [], workers: 1 }),
        conditions: conditions.present,
      },
      ...(this.#resume === undefined ? {} : { resume: this.#resume }),
    });
    if (this.#stale(epoch)) return;
    if (!('device' in answer)) throw new ServerRefusal(answer);
    this.#resume = { device: answer.device, token: answer.token };
    events.credentials(this.#resume);
    this.#welcome = answer;
    await this.#enter(epoch);
  }

  /** The server may say it before the answer to hello has been read. */
  #told(run: RunDescription): void {
    if (this.#training?.incarnation === run.incarnation) return;
    if (this.#training !== null) {
      // What is under way is of an incarnation that is over.
      this.#epoch++;
      this.#training = null;
    }
    this.#run = run;
    void this.#guarded(this.#epoch, (epoch) => this.#enter(epoch));
  }

  /** Takes part in the run, once both the welcome and the run are known. */
  async #enter(epoch: number): Promise<void> {
    const welcome = this.#welcome;
    const run = this.#run;
    if (welcome === null || run === null) return;
    const isOver = () => this.#stale(epoch) || run !== this.#run;
    const { events, data } = this.#parts;
    const model = parseModelSpec(run.model);
    checkMap(model, run);
    await this.#pools
      .poolFor(model, run.arithmetic, () => events.state('loading', null))
      .catch((error: unknown) => this.#sayWhyNot(error));
    if (isOver()) return;
    const hosts = await this.#connection.joinHosts(welcome, run);
    if (isOver()) return;
    const weights = new Weights(run.shards, hosts, this.#pools.limit);
    const { incarnation } = run;
    this.#training = { incarnation, weights, hosts, dataShard: (ref) => data.get(ref) };
    events.state('waiting', this.#reserve);
    await this.#ready();
    await this.#grow(epoch);
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

  /** The first worker trains already; the others come in one by one. */
  async #grow(epoch: number): Promise<void> {
    const { pool } = this.#pools;
    while ((await pool?.grow()) === true) {
      if (this.#stale(epoch) || pool !== this.#pools.pool) return;
      await this.#ready();
    }
  }

  /** Tells what it trains with, and asks for work where a worker has none. */
  async #ready(): Promise<void> {
    const report = this.#pools.pool?.report;
    if (report === undefined) return;
    this.#parts.events.workers(report.workers);
    const { conditions } = this.#parts;
    await conditions.roundTrip(() =>
      this.#connection.coordinator.ready({ ...report, conditions: conditions.present }),
    );
  }

  /** A worker does one lease at a time: the next may arrive before the last shard has answered for this one. */
  #assign(lease: Lease): void {
    const epoch = this.#epoch;
    void this.#pools.pool?.do((worker) => this.#guarded(epoch, () => this.#work(lease, worker, epoch)));
  }

  async #work(lease: Lease, worker: PoolWorker, epoch: number): Promise<void> {
    const { events } = this.#parts;
    const { engines } = worker;
    if (this.#training === null) return;
    if (lease.terms.incarnation !== this.#training.incarnation) {
      await this.#connection.coordinator.release(lease.terms.lease, 'not the run that this device knows');
      return;
    }
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
    const alone = (this.#pools.pool?.busy ?? 0) <= 1;
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
        await this.#pools.pool?.failed(worker, reason);
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
    if (this.#training !== null && (this.#pools.pool?.busy ?? 0) === 0)
      this.#parts.events.state('waiting', this.#reserve);
  }

  #lost(): void {
    this.#epoch++;
    this.#reserve = null;
    this.#welcome = null;
    this.#run = null;
    this.#training = null;
    if (!this.#over) this.#parts.events.state('connecting', null);
  }

  #fail(error: unknown): void {
    this.#close('failed', errorMessage(error), error instanceof ServerRefusal ? error.outcome : undefined);
  }

  #close(state: 'stopped' | 'failed', message: string | null, outcome?: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#epoch++;
    this.#training = null;
    this.#connection.close();
    this.#pools.dispose();
    this.#parts.events.state(state, message, outcome);
  }

  #stale(epoch: number): boolean {
    return this.#over || epoch !== this.#epoch;
  }
}
