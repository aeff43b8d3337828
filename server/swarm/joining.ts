import type { FromNodeWorker } from '../../client/node/messages.ts';
import { baseOf } from '../../shared/protocol/basePath.ts';
import { EXIT_FAILED } from '../terminal/failure.ts';
import { interruption } from '../terminal/interruption.ts';
import { machineClock } from '../app/machineTime.ts';
import { counted } from '../../shared/text/counted.ts';
import { reach, type Reach } from './reach.ts';
import { showProgress } from '../terminal/showProgress.ts';
import { JoinReport } from '../terminal/speaker.ts';

/* What `npm run worker` and `npm run swarm` have in common: they join a server, and say how that goes. */

/** A server that is not there is looked for this often; devices try to connect at least as often. */
const LOOK_EVERY_MS = 5000;
/** A server that is full is asked again this often. */
const FULL_AGAIN_MS = 30_000;

/** The address is not one of a server of Tabswarm; the message says what it is. */
export class AddressError extends Error {
  override name = 'AddressError';
}

/** Workers or tabs that were started. */
export interface Joiners {
  ended: Promise<'closed' | 'died'>;
  /** Has one, counted from 0, join again. */
  again(index: number): void;
  close(): Promise<void>;
}

export interface JoiningOptions {
  noun: 'worker' | 'tab';
  count: number;
  /** Join address of the server. */
  url: string;
  /** What to say where they are gone without a word. */
  died: string;
  start: (
    hear: (index: number, news: FromNodeWorker) => void,
    selfSigned: boolean,
    say: (line: string) => void,
  ) => Promise<Joiners>;
}

/**
 * Waits for the server, starts those who join it, and says what becomes of them.
 * @returns the exit code, when it was interrupted or nobody is left.
 * @throws {AddressError} where the address is none of a server, or of one by another scheme.
 */
export async function joinServer(options: JoiningOptions): Promise<number> {
  const { noun, count, url, died, start } = options;
  const progress = showProgress();
  const say = (line: string) => progress.note(line.replace(/\p{Cc}/gu, ' '));
  const end = interruption(say).then(() => 'interrupted' as const);
  const base = baseOf(url);
  say(`${counted(count, noun)} for ${base.href}; Ctrl-C ends.`);
  const found = await Promise.race([awaitServer(base, say), end]);
  if (found === 'interrupted') return 0;

  let joiners: Joiners | null = null;
  let over: (exitCode: number) => void = () => undefined;
  const nobodyLeft = new Promise<number>((resolve) => (over = resolve));
  const search = new Search(base, say, () => speaker.isJoined());
  const speaker = new JoinReport({
    noun,
    count,
    server: base.href,
    againSeconds: FULL_AGAIN_MS / 1000,
    say,
    over,
    lost: () => void search.begin(),
    refused: (index) => void setTimeout(() => joiners?.again(index), FULL_AGAIN_MS),
  });
  // Where the interruption comes first, the end of the process is the end of a browser.
  const started = await Promise.race([
    start((index, news) => speaker.hear(index, news), found.selfSigned, say),
    end,
  ]);
  if (started === 'interrupted') return 0;
  joiners = started;
  const begun = machineClock.now();
  progress.follow(() => {
    const present = speaker.progress();
    return present === null ? null : { seconds: (machineClock.now() - begun) / 1000, ...present };
  });
  const ended = await Promise.race([nobodyLeft, joiners.ended, end]);
  progress.end();
  if (ended === 'died') {
    say(died);
    return EXIT_FAILED;
  }
  await joiners.close();
  return typeof ended === 'number' ? ended : 0;
}

/** Resolves when there is a server; says why there is none, once for each reason. */
async function awaitServer(
  base: URL,
  say: (line: string) => void,
): Promise<Extract<Reach, { kind: 'there' }>> {
  for (let said = ''; ;) {
    const found = await reach(base);
    if (found.kind === 'there') return found;
    if (found.kind === 'wrong') throw new AddressError(`${base.href} cannot be joined: ${found.reason}.`);
    if (found.reason !== said)
      say(`${base.href} cannot be joined: ${found.reason}. Trying again every ${LOOK_EVERY_MS / 1000} s.`);
    said = found.reason;
    await pause();
  }
}

/** Looks for a server that was there until it is back, and says why it is not, once for each reason. */
class Search {
  readonly #base: URL;
  readonly #say: (line: string) => void;
  readonly #isBack: () => boolean;
  #searching = false;
  /** Null where nothing was said of the present loss. */
  #said: string | null = null;

  constructor(base: URL, say: (line: string) => void, isBack: () => boolean) {
    this.#base = base;
    this.#say = say;
    this.#isBack = isBack;
  }

  async begin(): Promise<void> {
    this.#said = null;
    if (this.#searching) return;
    this.#searching = true;
    while (!this.#isBack()) {
      const found = await reach(this.#base);
      if (this.#isBack()) break;
      this.#tell(found.kind === 'there' ? '' : `: ${found.reason}`);
      await pause();
    }
    this.#searching = false;
  }

  #tell(why: string): void {
    // Where it is there again, devices come back by themselves.
    if (why === this.#said || (why === '' && this.#said !== null)) return;
    this.#said = why;
    const again = `Trying again every ${LOOK_EVERY_MS / 1000} s.`;
    this.#say(`The connection to ${this.#base.href} is lost${why}. ${again}`);
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
