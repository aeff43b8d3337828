/** Messages under way, in order within a link and delivered by hand: a network without sockets. */
export class Wire {
  readonly #links = new Map<string, (() => void)[]>();

  send(link: string, deliver: () => void): void {
    const queue = this.#links.get(link);
    if (queue === undefined) this.#links.set(link, [deliver]);
    else queue.push(deliver);
  }

  /** Links that have something under way. */
  busy(): string[] {
    return [...this.#links.keys()];
  }

  /** Delivers the first message of a link. */
  deliver(link: string): void {
    const queue = this.#links.get(link) ?? [];
    const first = queue.shift();
    if (queue.length === 0) this.#links.delete(link);
    first?.();
  }

  /** Loses everything under way on the links whose names begin so. */
  cut(prefix: string): void {
    for (const link of this.busy()) if (link.startsWith(prefix)) this.#links.delete(link);
  }

  /** Delivers until nothing is under way, one message of each link in turn. */
  drain(): void {
    for (let links = this.busy(); links.length > 0; links = this.busy()) {
      for (const link of links) this.deliver(link);
    }
  }
}
