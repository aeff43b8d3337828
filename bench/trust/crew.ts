import { createGenerator, deriveSeed, type Generator } from '../../shared/random/generator.ts';
import type { Lease } from '../../shared/protocol/messages.ts';
import type { Attack, Training } from './attacks.ts';
import { Device, type Behaviour, type Server } from './device.ts';
import type { OwnImages } from './images.ts';
import type { Workshop } from './testBed.ts';

/** Samples a second of the slowest and of the fastest honest device. */
const RATES = { least: 300, most: 600 };
/** From lease to push of a device that computes nothing and does not pretend to. */
const AT_ONCE_MS = 20;
/** Streams of the seed of a cell. */
const STREAMS = { honest: 1, hostile: 2, common: 3 };
const MAX_IDENTITIES = 200;

/** One hostile person, under as many ids as it takes. */
export interface Hostile {
  /** Units that it sent. */
  units: number;
  /** For each id that was thrown out, how many units it had sent. */
  barredAfter: number[];
  /** Whether it is thrown out and does not come back. */
  isOut: boolean;
}

interface Cast {
  devices: number;
  hostile: number;
  attack: Attack | null;
  seed: number;
  /** The images of each device, honest ones first; null: they train on what the server says. */
  own: readonly OwnImages[] | null;
}

/** The devices of a cell. */
export class Crew {
  readonly honest: Device[] = [];
  readonly hostile: Hostile[] = [];
  /** Samples of honest devices when the first lie was told; null before. */
  awakeAt: number | null;
  readonly #server: Server;
  readonly #workshop: Workshop;
  readonly #cast: Cast;
  /** The newest update of each honest device. */
  readonly #newest = new Map<number, Float32Array>();
  readonly #enemies: { device: Device; person: Hostile; join: () => Device; rejoins: boolean }[] = [];

  constructor(server: Server, workshop: Workshop, cast: Cast) {
    this.#server = server;
    this.#workshop = workshop;
    this.#cast = cast;
    this.awakeAt = cast.attack === null || cast.attack.honestUnits === 0 ? 0 : null;
  }

  /** All hostile devices join. */
  enterHostile(): void {
    const { attack, hostile } = this.#cast;
    if (attack === null) return;
    for (let number = 0; number < hostile; number++) {
      const person: Hostile = { units: 0, barredAfter: [], isOut: false };
      const behaviour = this.#hostileBehaviour(attack, person, number);
      const join = () => new Device(this.#server, behaviour);
      this.hostile.push(person);
      this.#enemies.push({ device: join(), person, join, rejoins: attack.rejoins });
    }
  }

  /** All honest devices join. */
  enterHonest(): void {
    const { attack, devices, hostile, seed } = this.#cast;
    const count = attack === null ? devices : devices - hostile;
    for (let number = 0; number < count; number++) {
      const random = createGenerator(deriveSeed(seed, STREAMS.honest, number));
      const rate = RATES.least + (RATES.most - RATES.least) * random.float();
      this.honest.push(new Device(this.#server, this.#honestBehaviour(number, rate)));
    }
  }

  /** Samples that honest devices sent updates of. */
  get honestSamples(): number {
    return this.honest.reduce((sum, { samples }) => sum + samples, 0);
  }

  /** Honest devices that the server gives no work any more. */
  get honestBarred(): number {
    return this.honest.filter(({ isBarred }) => isBarred).length;
  }

  /** Takes note of who was thrown out, and has those come back who do. */
  look(): void {
    for (const enemy of this.#enemies) {
      const { device, person, join, rejoins } = enemy;
      if (person.isOut || !device.isBarred) continue;
      person.barredAfter.push(device.units);
      device.disconnect();
      person.isOut = !rejoins || person.barredAfter.length >= MAX_IDENTITIES;
      if (!person.isOut) enemy.device = join();
    }
  }

  #honestBehaviour(number: number, rate: number): Behaviour {
    return {
      update: async (lease, parameters) => {
        const update = await this.#train('data', lease, parameters, number);
        this.#newest.set(number, update);
        return update;
      },
      milliseconds: ({ terms }) => (1000 * terms.samples) / rate,
    };
  }

  #hostileBehaviour(attack: Attack, person: Hostile, number: number): Behaviour {
    const random = createGenerator(deriveSeed(this.#cast.seed, STREAMS.hostile, number));
    return {
      update: async (lease, parameters) => {
        const done = person.units++;
        const client = this.#cast.devices - this.#cast.hostile + number;
        if (done < attack.honestUnits) return this.#train('data', lease, parameters, client);
        this.awakeAt ??= this.honestSamples;
        const own = await this.#train(attack.trains, lease, parameters, client);
        return attack.update({
          done,
          steps: lease.unit.local?.steps ?? 1,
          own,
          honest: [...this.#newest.values()],
          random,
          common: this.#common(),
        });
      },
      milliseconds: ({ terms }) => (attack.isFast ? AT_ONCE_MS : (1000 * terms.samples) / RATES.least),
    };
  }

  #common(): Generator {
    return createGenerator(deriveSeed(this.#cast.seed, STREAMS.common));
  }

  #train(on: Training, { unit }: Lease, parameters: Float32Array, client: number): Promise<Float32Array> {
    const { kernel, images } = this.#workshop;
    const own = this.#cast.own?.[client];
    const honest = own?.honest ?? images.honest[unit.dataShard.index];
    const flipped = own?.flipped ?? images.flipped[unit.dataShard.index];
    const shard = { data: honest, 'wrong labels': flipped, nothing: undefined }[on];
    return shard === undefined
      ? Promise.resolve(new Float32Array(parameters.length))
      : kernel.update(unit, parameters, shard);
  }
}
