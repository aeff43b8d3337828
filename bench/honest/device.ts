import type { Lease } from '../../shared/protocol/messages.ts';
import type { Generator } from '../../shared/random/generator.ts';
import type { ScriptedDevice } from '../../server/core/testing/scriptedDevice.ts';
import type { World } from '../../server/core/testing/world.ts';

/** What a phone takes for a unit, least and most, in milliseconds. */
const UNIT_MS = { least: 1000, most: 10_000 } as const;
/** The share of units that take many times as long, because a phone is busy or is laid aside. */
const STRAGGLES = [
  { share: 0.005, times: 100 },
  { share: 0.02, times: 10 },
] as const;
/** After so much of its units a device is gone, in the midst of one, for as long as this. */
const GOES = { share: 0.01, leastMs: 10_000, mostMs: 600_000 } as const;
/** A device without work asks this often. */
const ASKS_MS = 1000;
/** One that had none for so long connects anew, as a page does that was set aside. */
const PATIENCE_MS = 120_000;

/** Between both, each factor as likely as the others. */
function between(least: number, most: number, random: Generator): number {
  return least * (most / least) ** random.float();
}

export interface HonestDeviceParts {
  world: World;
  device: ScriptedDevice;
  random: Generator;
  /** What it sends for a unit. */
  updateOf: () => Float32Array;
}

const hasJoined = ({ joined }: ScriptedDevice) => joined !== null;

/** A device that does every unit right, at times late or not at all. */
export class HonestDevice {
  readonly #parts: HonestDeviceParts;
  readonly #unitMs: number;
  #isHere = true;
  #isWorking = false;
  /** When it last had work or asked for it, and when it last had work. */
  #askedAt = 0;
  #workedAt = 0;
  #presentMs = 0;
  #lookedAt = 0;
  units = 0;

  constructor(parts: HonestDeviceParts) {
    this.#parts = parts;
    this.#unitMs = between(UNIT_MS.least, UNIT_MS.most, parts.random);
  }

  get id(): string {
    return this.#parts.device.id;
  }

  /** For how long it had a connection. */
  get presentMs(): number {
    return this.#presentMs;
  }

  /** Takes up what it was given since the last look, and asks for work where it has none. */
  look(): void {
    const { world, device } = this.#parts;
    const now = world.clock.now();
    if (this.#isHere) this.#presentMs += now - this.#lookedAt;
    this.#lookedAt = now;
    device.answers.length = 0;
    for (const lease of device.leases.splice(0)) this.#begin(lease);
    if (!this.#isHere || this.#isWorking || device.barred > 0) return;
    if (now - this.#workedAt > PATIENCE_MS) this.#comeBack();
    else if (now - this.#askedAt >= ASKS_MS) this.#ask();
  }

  #begin(lease: Lease): void {
    const { world, random } = this.#parts;
    this.#isWorking = true;
    const takes = this.#unitMs * between(0.8, 1.25, random) * this.#straggling();
    if (random.float() < GOES.share) {
      world.clock.after(takes * random.float(), () => this.#go());
    } else {
      world.clock.after(takes, () => this.#push(lease));
    }
  }

  #straggling(): number {
    let left = this.#parts.random.float();
    for (const { share, times } of STRAGGLES) {
      if (left < share) return times;
      left -= share;
    }
    return 1;
  }

  #push(lease: Lease): void {
    const { world, device, updateOf } = this.#parts;
    this.#isWorking = false;
    this.#workedAt = world.clock.now();
    if (device.barred > 0) return;
    this.units++;
    device.push(lease, {}, updateOf());
  }

  #go(): void {
    const { world, device, random } = this.#parts;
    this.#isWorking = false;
    if (device.barred > 0) return;
    this.#isHere = false;
    device.vanish();
    world.clock.after(between(GOES.leastMs, GOES.mostMs, random), () => this.#comeBack());
  }

  #comeBack(): void {
    const { world, device } = this.#parts;
    if (!hasJoined(device)) return;
    this.#isHere = true;
    this.#workedAt = world.clock.now();
    device.resume();
    // One that was barred while it was gone may not join.
    if (hasJoined(device)) this.#ask();
  }

  #ask(): void {
    this.#askedAt = this.#parts.world.clock.now();
    this.#parts.device.ready();
  }
}
