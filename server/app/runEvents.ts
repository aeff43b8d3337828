import { MAX_REASON, type NewEvent, type RunEvent } from '../../shared/protocol/events.ts';
import { finiteOrNull } from '../../shared/protocol/audits.ts';
import type { RunStatus } from '../../shared/protocol/messages.ts';
import { ROLES, type PlacementReport } from '../../shared/protocol/placement.ts';
import type { Clock } from '../core/clock.ts';
import type { Crowd } from '../core/crowd/crowd.ts';
import type { TrustChange } from '../core/crowd/crowd.ts';
import { DeviceEvents } from '../core/crowd/deviceEvents.ts';
import type { Finding } from '../core/run/audits.ts';
import { EventRecorder } from '../core/eventRecorder.ts';
import type { Rescue, Undoing } from '../core/run/guard.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { Calendar } from './machineTime.ts';

/** What is recorded when a device comes to a state of trust [TS10]. */
function trustEvent({ device, to: { state, cause } }: TrustChange): NewEvent {
  const { by: actor, why } = cause ?? { by: 'server' as const, why: '' };
  return { type: 'trust', actor, device, state, why };
}

export interface RunEventsParts {
  clock: Clock;
  calendar: Calendar;
  /** Keeps events, all or none, in order; done when they are durable. */
  append: (events: readonly RunEvent[]) => Promise<void>;
  log: (line: string) => void;
}

/** Records what happens to one run and its devices, and who brought it about [LG1]. */
export class RunEvents {
  readonly #recorder: EventRecorder;
  #state: RunStatus['state'] | null = null;
  #plan = '';
  #isServed = false;

  constructor({ clock, calendar, append, log }: RunEventsParts) {
    this.#recorder = new EventRecorder({
      clock,
      date: () => calendar.today().toISOString(),
      append,
      failed: (error) => log(`events are not kept: ${systemErrorMessage(error)}`),
    });
  }

  /** Records what becomes of the devices. */
  follow(crowd: Crowd): void {
    const devices = new DeviceEvents((event) => void this.#recorder.record(event));
    crowd.watch((device) => devices.look(device));
    crowd.watchTrust((change) => this.judged(change));
  }

  /** A device came to another state of trust. */
  judged(change: TrustChange): void {
    void this.#recorder.record(trustEvent(change));
  }

  served(incarnation: string, version: number): void {
    this.#isServed = true;
    void this.#recorder.record({ type: 'served', actor: 'server', incarnation, version });
  }

  /** The last event of a server that came to serve the run; settles when all are kept or given up. */
  close(version: number): Promise<void> {
    if (this.#isServed) void this.#recorder.record({ type: 'closed', actor: 'server', version });
    return this.#recorder.close();
  }

  /** The plan in force, where it does not say what was recorded last. */
  plan({ number, origin, devices }: PlacementReport): void {
    const working = devices.filter(({ role }) => ROLES[role].works).length;
    const plan = { number, origin, working, devices: devices.length };
    const said = JSON.stringify(plan);
    if (said === this.#plan) return;
    this.#plan = said;
    void this.#recorder.record({ type: 'planned', actor: 'server', ...plan });
  }

  /** Of the run as it is now, where that is not as it was recorded last. */
  state({ state, stop, version }: RunStatus): void {
    if (state === this.#state) return;
    this.#state = state;
    void this.#recorder.record({ type: 'state', actor: 'server', state, stop, version });
  }

  saved(version: number): void {
    void this.#recorder.record({ type: 'saved', actor: 'server', version });
  }

  saveFailed(reason: string): void {
    void this.#recorder.record({ type: 'saveFailed', actor: 'server', reason: reason.slice(0, MAX_REASON) });
  }

  /** An audit has ended; those that found an update right are counted alone, else they would fill the log. */
  audited({ device, lease, verdict, relative, cosine }: Finding): void {
    if (verdict === 'right') return;
    const distance = { relative: finiteOrNull(relative), cosine: finiteOrNull(cosine) };
    void this.#recorder.record({ type: 'audit', actor: 'server', device, lease, verdict, ...distance });
  }

  /** Updates that decided a commit were found wrong, and the state before it is back [GU8]. */
  undid({ bad, of, made }: Undoing): void {
    void this.#recorder.record({ type: 'undone', actor: 'server', bad, of, version: made });
  }

  /** The guard brought a good state back [GU3]. */
  rescued({ bad, of, made, loss, usual }: Rescue): void {
    void this.#recorder.record({ type: 'rescued', actor: 'server', bad, of, version: made, loss, usual });
  }

  /** The guard paused the run. */
  gaveUp(version: number): void {
    void this.#recorder.record({ type: 'gaveUp', actor: 'server', version });
  }

  /** An operator had something done; settles when that is durable, or was given up [LG4]. */
  acted(action: string, given: unknown): Promise<void> {
    return this.#recorder.record({ type: 'act', actor: 'admin', action, given });
  }
}
