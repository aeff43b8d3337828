import * as z from 'zod';

const session = z.object({
  sessionId: z.string(),
  capabilities: z.object({ browserVersion: z.string() }),
});
const failure = z.object({ error: z.string(), message: z.string() });

/** As much of W3C WebDriver as it takes to open a page and ask it something. */
export class WebDriver {
  readonly version: string;
  readonly #session: string;

  private constructor(session: string, version: string) {
    this.#session = session;
    this.version = version;
  }

  /** @throws {TypeError} where nothing listens. @throws {Error} where no browser can be started. */
  static async open(url: string, capabilities: object): Promise<WebDriver> {
    const body = { capabilities: { alwaysMatch: capabilities } };
    const opened = session.parse(await request('POST', `${url}/session`, body));
    return new WebDriver(`${url}/session/${opened.sessionId}`, opened.capabilities.browserVersion);
  }

  async goto(url: string): Promise<void> {
    await request('POST', `${this.#session}/url`, { url });
  }

  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown> {
    return request('POST', `${this.#session}/execute/sync`, { script: `return ${expression}`, args: [] });
  }

  async close(): Promise<void> {
    await request('DELETE', this.#session);
  }
}

/** The value of an answer. @throws {Error} with the reason where the answer is an error. */
async function request(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { value } = (await response.json()) as { value: unknown };
  const failed = failure.safeParse(value);
  if (failed.success && !response.ok) throw new Error(`${failed.data.error}: ${failed.data.message}`);
  return value;
}
