/** What tabs of one browser say to each other. */
type Said =
  | { says: 'wants'; tab: string; device: string }
  /** The answer to the tab `to`. */
  | { says: 'has'; to: string; device: string };

/** How tabs of one browser reach each other: a BroadcastChannel, which works over plain http, where web locks do not. */
export interface TabChannel {
  say(said: Said): void;
  listen(hear: (said: Said) => void): void;
}

/** An answer of another tab takes a few milliseconds where its page is not asleep. */
const ANSWER_WITHIN_MS = 250;

/** Has each device be one tab of a browser at a time: a tab asks the others before it takes one [PG17]. */
export class RollCall {
  readonly #channel: TabChannel;
  readonly #tab: string;
  readonly #wait: (ms: number) => Promise<void>;
  #wants: string | null = null;
  #has: string | null = null;
  /** Of other tabs. */
  readonly #taken = new Set<string>();

  /** @param tab a name that no other tab has. */
  constructor(channel: TabChannel, tab: string, wait: (ms: number) => Promise<void>) {
    this.#channel = channel;
    this.#tab = tab;
    this.#wait = wait;
    channel.listen((said) => this.#hear(said));
  }

  /** Takes the first of these devices that no other tab has; null where there is none. */
  async take(devices: readonly string[]): Promise<string | null> {
    this.#has = null;
    this.#taken.clear();
    for (const device of devices) {
      if (this.#taken.has(device)) continue;
      this.#wants = device;
      this.#channel.say({ says: 'wants', tab: this.#tab, device });
      await this.#wait(ANSWER_WITHIN_MS);
      this.#wants = null;
      if (this.#taken.has(device)) continue;
      this.hold(device);
      return device;
    }
    return null;
  }

  /** This tab is that device from now on. */
  hold(device: string): void {
    this.#has = device;
  }

  #hear(said: Said): void {
    switch (said.says) {
      case 'has':
        if (said.to === this.#tab) this.#taken.add(said.device);
        break;
      case 'wants':
        if (this.#has !== null) this.#channel.say({ says: 'has', to: said.tab, device: this.#has });
        else if (this.#wants === said.device) this.#settle(said.tab, said.device);
        break;
    }
  }

  /** Of two tabs that want the same device, the one whose name comes first has it. */
  #settle(tab: string, device: string): void {
    if (tab < this.#tab) this.#taken.add(device);
    else this.#channel.say({ says: 'has', to: tab, device });
  }
}

/** The channel of the tabs that have pages of one server open. @param base path of the server. */
export function openTabChannel(base: string): TabChannel {
  const channel = new BroadcastChannel(`tabswarm ${base}`);
  return {
    say: (said) => channel.postMessage(said),
    listen: (hear) => channel.addEventListener('message', ({ data }: MessageEvent<Said>) => hear(data)),
  };
}
