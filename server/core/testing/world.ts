import { joinSlices, type KeyRange } from '../../../shared/model/ranges.ts';
import type { Lease } from '../../../shared/protocol/messages.ts';
import type { Crowd } from '../crowd/crowd.ts';
import type { Coordinator } from '../run/coordinator.ts';
import type { Placement } from '../placement/placement.ts';
import type { Shard } from '../shard/shard.ts';
import type { DeviceWorld } from './deviceWorld.ts';
import { noiseVector } from './plainModel.ts';
import type { Ledger, RecordedShard, Recorder } from './recorder.ts';
import { ScriptedDevice, type DeviceScript } from './scriptedDevice.ts';
import { TestServer, type WorldOptions } from './testServer.ts';
import { VirtualClock } from './virtualClock.ts';
import { Wire } from './wire.ts';

/** Parameters of the plain model. */
const PARAMETERS = 1000;

/**
 * A coordinator, its shards and scripted devices in one process, under a clock and a network turned by hand. The
 * server may be started anew; what a test asks of it is always the present one's.
 */
export class World implements DeviceWorld {
  readonly clock = new VirtualClock();
  readonly wire = new Wire();
  readonly devices: ScriptedDevice[] = [];
  committed: () => void = () => undefined;
  /** Called with the version of a commit that wrong updates decided. */
  undermined: (version: number) => void = () => undefined;
  /** Called where most devices sent what could not be part of the model. */
  suspected: () => void = () => undefined;
  firstLease: () => void = () => undefined;
  #server: TestServer;
  #lives = 0;

  constructor(options: WorldOptions = {}) {
    this.#server = this.#serve(options, noiseVector(1, PARAMETERS));
  }

  get coordinator(): Coordinator {
    return this.#server.coordinator;
  }

  get crowd(): Crowd {
    return this.#server.crowd;
  }

  get placement(): Placement {
    return this.#server.coordinator.placement;
  }

  get shards(): Shard[] {
    return this.#server.shards;
  }

  get ports(): RecordedShard[] {
    return this.#server.ports;
  }

  get ranges(): KeyRange[] {
    return this.#server.ranges;
  }

  get recorder(): Recorder {
    return this.#server.recorder;
  }

  get ledger(): Ledger {
    return this.#server.ledger;
  }

  /** Parameters of version 0. */
  get initial(): Float32Array {
    return this.#server.initial;
  }

  /** Every lease granted so far. */
  get leases(): Map<number, Lease> {
    return this.#server.leases;
  }

  /** The process dies with everything under way, and another begins a run on the parameters as they were. */
  restart(options: WorldOptions): void {
    const { parameters } = this;
    this.#server.die();
    for (const device of this.devices) device.cutOff();
    this.#server = this.#serve(options, parameters);
  }

  device(script: DeviceScript = {}): ScriptedDevice {
    const device = new ScriptedDevice(this, this.devices.length, script);
    this.devices.push(device);
    return device;
  }

  /** So many devices that have joined and asked for work. */
  readyDevices(count: number, script: DeviceScript = {}): ScriptedDevice[] {
    return Array.from({ length: count }, () => this.device(script).join().ready());
  }

  /** Lets everything under way arrive, and time pass, in steps short enough for answers to meet. */
  pass(milliseconds: number): void {
    const step = 50;
    this.wire.drain();
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      this.wire.drain();
    }
  }

  /** The parameters of one version as the shards give them out. */
  parametersAt(version: number): Float32Array {
    const slices = this.shards.map((shard) => {
      let slice = new Float32Array(0);
      shard.pull(version, (answer) => (slice = answer.slice?.slice() ?? slice));
      return slice;
    });
    return joinSlices(this.ranges, slices);
  }

  get parameters(): Float32Array {
    return this.parametersAt(this.coordinator.version);
  }

  /** The parameters of every version as a plain model computes them from the commit records. */
  plain(): readonly Float32Array[] {
    return this.#server.plain();
  }

  #serve(options: WorldOptions, initial: Float32Array): TestServer {
    return new TestServer(options, initial, {
      life: this.#lives++,
      clock: this.clock,
      undermined: (version) => this.undermined(version),
      suspected: () => this.suspected(),
      committed: () => this.committed(),
      firstLease: () => this.firstLease(),
    });
  }
}
