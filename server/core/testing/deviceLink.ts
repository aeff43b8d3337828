import type { SliceAnswer } from '../shard/shard.ts';
import type { DeviceWorld } from './deviceWorld.ts';

/** A request to a shard that has no answer yet. */
interface Pending {
  shard: number;
  /** For the ledger. */
  what: string;
  request: (reply: (answer: SliceAnswer) => void) => void;
  answered: (answer: SliceAnswer) => void;
}

/**
 * What a device is connected by: a socket for everything and at times a data channel for its tensors. What a lost
 * channel leaves unanswered is asked again over the socket, as the device client does [TR2].
 */
export class DeviceLink {
  /** What the server's end of its connection does in the moment in which a shard answers. */
  answering: () => void = () => undefined;
  readonly #world: DeviceWorld;
  readonly #name: string;
  readonly #pending = new Set<Pending>();
  #connection = 0;
  #channels = 0;
  /** Number of the open channel; null where there is none. */
  #channel: number | null = null;

  /** @param name of the device, the same over all its connections. */
  constructor(world: DeviceWorld, name: string) {
    this.#world = world;
    this.#name = name;
  }

  /** Number of the present connection. */
  get connection(): number {
    return this.#connection;
  }

  /** Begins another connection; the earlier one may still be known to the server, but its answers reach nobody. */
  connect(): void {
    this.#connection++;
    this.#channel = null;
    this.#pending.clear();
  }

  /** Loses everything under way. */
  cut(): void {
    this.#world.wire.cut(this.#name);
    this.connect();
  }

  /** Tensors go by a data channel from now on; where one is open, by that. */
  openChannel(): void {
    this.#channel ??= ++this.#channels;
  }

  /** The data channel is lost with what is under way on it. */
  loseChannel(): void {
    if (this.#channel === null) return;
    this.#world.wire.cut(this.#prefix());
    this.#channel = null;
    for (const pending of this.#pending) this.#send(pending);
  }

  /** Delivers something of the coordinator's, unless the device has another connection by then. */
  deliver(connection: number, message: () => void): void {
    if (connection !== this.#connection) return;
    this.#world.wire.send(`${this.#name}${connection}/coordinator`, message);
  }

  /** Asks a shard. */
  ask(pending: Pending): void {
    this.#pending.add(pending);
    this.#send(pending);
  }

  #send(pending: Pending): void {
    const { wire, ledger } = this.#world;
    const connection = this.#connection;
    const channel = this.#channel;
    const link = `${this.#prefix()}shard-${pending.shard}`;
    const reply = (answer: SliceAnswer) => {
      this.answering();
      const isOpen = connection === this.#connection && (channel === null || channel === this.#channel);
      if (!isOpen) return;
      wire.send(`${link}/answers`, () => {
        this.#pending.delete(pending);
        pending.answered(answer);
      });
    };
    wire.send(link, () => pending.request(ledger.ask(`${pending.what} of ${this.#name}`, reply)));
  }

  #prefix(): string {
    const way = this.#channel === null ? 'socket' : `channel-${this.#channel}`;
    return `${this.#name}${this.#connection}/${way}/`;
  }
}
