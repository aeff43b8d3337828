import { WORKER_STATES, type FromNodeWorker } from '../../client/node/messages.ts';
import { isForAWhile, isMendable, describeRefusal } from '../../client/node/refusals.ts';
import type { RunStatus } from '../../shared/protocol/messages.ts';
import { EXIT_FAILED, EXIT_USAGE } from './failure.ts';
import { counted, grouped } from '../../shared/text/counted.ts';
import { percent, type RunProgress } from './progress.ts';
import { describeStop, RUN_STATES } from '../../shared/protocol/runState.ts';

type News = FromNodeWorker;
type State = Extract<News, { type: 'state' }>;
/** What there may be a line about, of each of them. */
type Topic = 'engine' | 'work';

export interface JoinReportParts {
  /** What one of them is called. */
  noun: 'worker' | 'tab';
  count: number;
  /** Address of the server, as it is shown. */
  server: string;
  /** A server that refused one for a while is asked again after this many seconds. */
  againSeconds: number;
  say: (line: string) => void;
  /** The server is gone: none of those that were connected is. */
  lost: () => void;
  /** The server refused one, counted from 0, for a while. */
  refused: (index: number) => void;
  /** None is left that works. */
  over: (exitCode: number) => void;
}

interface One {
  state: State['state'] | null;
  outcome: State['outcome'];
  dead: boolean;
  samplesPerSecond: number;
  said: Record<Topic, string | null>;
}

const isConnected = ({ state }: One): boolean => state !== null && WORKER_STATES[state].isConnected;

/** Says what becomes of the workers or tabs of a command: a line a change, and the same line of several once. */
export class JoinReport {
  readonly #parts: JoinReportParts;
  readonly #all: One[];
  #status: RunStatus | null = null;
  #wasJoined = false;

  constructor(parts: JoinReportParts) {
    this.#parts = parts;
    this.#all = Array.from({ length: parts.count }, () => ({
      state: null,
      outcome: undefined,
      dead: false,
      samplesPerSecond: 0,
      said: { engine: null, work: null },
    }));
  }

  /** Whether one of them is connected and has joined. */
  isJoined(): boolean {
    return this.#all.some(isConnected);
  }

  hear(index: number, news: News): void {
    const one = this.#all[index];
    if (one === undefined || one.dead) return;
    switch (news.type) {
      case 'state':
        this.#changed(index, one, news);
        break;
      case 'engine': {
        const detail = news.detail === '' ? '' : ` (${news.detail})`;
        const note = news.note === null ? '' : `; ${news.note}`;
        this.#announce(index, one, 'engine', `trains with ${news.name}${detail}${note}.`);
        break;
      }
      case 'progress':
        one.samplesPerSecond = news.samplesPerSecond;
        break;
      case 'status':
        // The word of one of them is enough; that of several could come in another order.
        if (index === this.#all.findIndex(isConnected)) this.#follow(news.status);
        break;
      case 'workers':
        break;
    }
  }

  /** How the run does as the server has it, and how fast it is trained here; null where the server has said nothing. */
  progress(): Omit<RunProgress, 'seconds'> | null {
    if (this.#status === null) return null;
    const { version, samples, devices, testAccuracy, state } = this.#status;
    const atWork = this.#all.filter(({ state: each }) => each !== null && WORKER_STATES[each].isAtWork);
    const rate = atWork.reduce((sum, { samplesPerSecond }) => sum + samplesPerSecond, 0);
    const parts = [
      counted(version, 'commit'),
      counted(samples, 'sample'),
      counted(devices, 'device'),
      testAccuracy === null ? 'not measured yet' : percent(testAccuracy),
      `here ${atWork.length} of ${counted(this.#parts.count, this.#parts.noun)} at work`,
      `${grouped(Math.round(RUN_STATES[state].trains ? rate : 0))} samples/s`,
    ];
    return { text: parts.join('  '), milestone: null };
  }

  #changed(index: number, one: One, { state, message, outcome }: State): void {
    const { server, say, lost } = this.#parts;
    const before = this.isJoined();
    Object.assign(one, { state, outcome });
    if (!before && this.isJoined()) {
      say(`Connected to ${server}${this.#wasJoined ? ' again' : ''}.`);
      this.#wasJoined = true;
    }
    switch (state) {
      case 'loading':
      case 'stopped':
        break;
      case 'connecting':
        // Once they were connected, the server is looked for from here, which says more.
        if (message !== null && !this.#wasJoined)
          this.#announce(index, one, 'work', `cannot connect: ${message}.`);
        if (before && !this.isJoined()) lost();
        break;
      case 'waiting':
        if (message !== null) this.#announce(index, one, 'work', `waits: ${message}.`);
        break;
      case 'training':
        if (one.said.work !== null) this.#announce(index, one, 'work', 'has work.');
        break;
      case 'failed':
        this.#refused(index, one, message);
        break;
    }
  }

  #refused(index: number, one: One, message: string | null): void {
    const { refused, againSeconds } = this.#parts;
    if (!isForAWhile(one.outcome)) {
      this.#end(index, one, message);
      return;
    }
    const why = describeRefusal(one.outcome, message);
    this.#announce(index, one, 'work', `is not let in: ${why} It tries again every ${againSeconds} s.`);
    refused(index);
  }

  #end(index: number, one: One, message: string | null): void {
    one.dead = true;
    this.#announce(index, one, 'work', `cannot go on: ${describeRefusal(one.outcome, message)}.`);
    if (!this.#all.every(({ dead }) => dead)) return;
    this.#parts.over(this.#all.every(({ outcome }) => isMendable(outcome)) ? EXIT_USAGE : EXIT_FAILED);
  }

  /** Says something of one of them, unless it was said of it, or is so of another. */
  #announce(index: number, one: One, topic: Topic, text: string): void {
    const known = this.#all.some(({ said }) => said[topic] === text);
    one.said[topic] = text;
    if (!known) this.#parts.say(`${this.#parts.noun} ${index + 1} ${text.replace(/\.\.$/, '.')}`);
  }

  #follow(status: RunStatus): void {
    const before = this.#status;
    this.#status = status;
    if (before !== null && before.state === status.state && before.stop === status.stop) return;
    const { noun, count, say } = this.#parts;
    const waiting = count === 1 ? `The ${noun} waits` : `The ${noun}s wait`;
    switch (status.state) {
      case 'running':
        if (before !== null) say(`The run of ${status.model} goes on.`);
        break;
      case 'paused':
        say(`The run of ${status.model} is paused. ${waiting} for it to go on.`);
        break;
      case 'stopped':
        say(
          `The run of ${status.model} ${describeStop(status.stop)}. ${waiting} in case it is started again.`,
        );
        break;
    }
  }
}
