import { below, socketPath } from '../../shared/protocol/basePath.ts';
import { API, reachReport } from '../../shared/protocol/admin.ts';
import { describeForeignOrigin } from '../../shared/protocol/origins.ts';

/** A proxy's own words for a server that it does not reach. */
const GATEWAY_STATUSES = [502, 503, 504];

/** A proxy that takes a request and never answers it leaves no more than a few of them open. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * Why a page cannot connect. A browser says nothing about a WebSocket that failed, so the server is asked by plain HTTP,
 * and the result shows where the connection ends [PG5].
 */
export class Diagnosis {
  readonly #base: string;
  readonly #origin: string;
  /** Requests in a row that the server answered although no connection was made. */
  #answered = 0;

  /** @param origin of the page. */
  constructor(base: string, origin: string) {
    this.#base = base;
    this.#origin = origin;
  }

  /** A connection stands: failures before it say nothing of those to come. */
  connected(): void {
    this.#answered = 0;
  }

  /** After a connection that failed: why, and what to do; null while that is not certain. */
  async ask(): Promise<string | null> {
    const found = await this.#request();
    if (typeof found === 'string') {
      this.#answered = 0;
      return found;
    }
    if (!found.accepted) {
      return `The server turned this page away. ${describeForeignOrigin(this.#origin, found.host)}`;
    }
    // It may have come back between the failure and this answer: then the next connection stands.
    if (++this.#answered < 2) return null;
    return (
      'This address passes pages but no WebSocket: a proxy or a firewall on the way stops the connection. ' +
      `The operator of the server has to let upgrades pass at ${socketPath(this.#base)}.`
    );
  }

  async #request(): Promise<{ accepted: boolean; host: string } | string> {
    let response: Response;
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      response = await fetch(below(this.#base, API.reach), { method: 'POST', cache: 'no-store', signal });
    } catch {
      return 'The server gives no answer: it is switched off, or the network is. Trying again.';
    }
    const { status } = response;
    if (GATEWAY_STATUSES.includes(status)) {
      return `A proxy answers (status ${status}), and does not reach the server behind it. Trying again.`;
    }
    const report = reachReport.safeParse(await response.json().catch(() => null));
    if (report.success) return report.data;
    return `There is no server of Tabswarm at this address any more (status ${status}). Trying again.`;
  }
}
