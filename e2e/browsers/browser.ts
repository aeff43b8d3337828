/** A browser that is open, as far as one command needs it. */
export interface OpenBrowser {
  /** For instance `Firefox 153.0`. */
  version: string;
  goto(url: string): Promise<unknown>;
  /** Runs a script in the page and gives what it returns. */
  evaluate(script: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A kind of browser that the volunteer page is to train in. */
export interface BrowserKind {
  name: string;
  /** Opens one, or says in a sentence why none can be had here. */
  open(): Promise<OpenBrowser | { missing: string }>;
}
