import type { DataShard } from '../../../shared/dataset/dataShard.ts';
import type {
  Engine,
  EvaluationResult,
  GradientResult,
  LocalTraining,
  TrainingResult,
} from '../../../shared/engine/engine.ts';
import { sliceOf } from '../../../shared/model/ranges.ts';
import { parseModelSpec } from '../../../shared/model/spec.ts';
import type {
  Hello,
  Lease,
  Ready,
  Refusal,
  RunDescription,
  RunStatus,
  SignedTerms,
  Welcome,
} from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { Connection, CoordinatorEvents, HostReply } from '../../transport/connection.ts';

/** Ten parameters: four inputs to two outputs, and their biases. */
export const MODEL = parseModelSpec({
  name: 'tiny',
  input: [2, 2, 1],
  normalise: { mean: 0, deviation: 1 },
  layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }],
  loss: 'softmax-cross-entropy',
  initialiser: 'pytorch',
});
export const PARAMETERS = 10;

/** Each shard at a host of its own. */
export const SHARD_MAP = [
  { index: 0, url: '', offset: 0, length: 6 },
  { index: 1, url: 'https://elsewhere', offset: 6, length: 4 },
];

export const DEVICE = '0123456789ab';
export const WELCOME: Welcome = {
  outcome: 'OK',
  device: DEVICE,
  token: 'a'.repeat(32),
  dataChannels: null,
};

export const RUN_DESCRIPTION: RunDescription = {
  run: 'fedcba987654',
  incarnation: '89abcdef',
  model: MODEL,
  dataset: { name: 'tiny', hash: '' },
  arithmetic: 'fastest',
  codecs: ['float32'],
  hosts: [
    { url: '', accessToken: 'b'.repeat(32) },
    { url: 'https://elsewhere', accessToken: 'c'.repeat(32) },
  ],
  shards: SHARD_MAP,
};

export const DATA: DataShard = {
  samples: 3,
  shape: [2, 2, 1],
  images: Uint8Array.from({ length: 12 }, (_, index) => index * 20),
  labels: Uint8Array.of(0, 1, 0),
};

/** Work unit number `lease`, on the weights of `baseVersion`. */
export function leaseOf(lease: number, baseVersion: number): Lease {
  const terms: SignedTerms = {
    lease,
    device: DEVICE,
    incarnation: RUN_DESCRIPTION.incarnation,
    baseVersion,
    kind: 'gradient',
    samples: 2,
    deadline: 1_700_000_000_000,
    codec: 'float32',
    mac: 'c'.repeat(32),
  };
  const dataShard = { index: 0, path: `/data/${'d'.repeat(32)}.bin`, samples: DATA.samples };
  return {
    terms,
    unit: { dataShard, seed: lease, start: 1, batch: 2, local: null },
    remainingMs: 1000,
  };
}

export function statusOf(state: RunStatus['state']): RunStatus {
  const counts = { version: 0, updates: 0, samples: 0, devices: 1, testImages: 10_000 };
  return { state, stop: null, model: 'tiny', testAccuracy: null, ...counts };
}

/** The weights of a version: every parameter is the version. */
export const weightsOf = (version: number) => new Float32Array(PARAMETERS).fill(version);

/** One host's answer with its slice at `version`. */
export function replyAt(host: number, outcome: Outcome, version: number): HostReply {
  const range = SHARD_MAP[host] ?? { offset: 0, length: 0 };
  return { outcome, weights: { version, slices: [sliceOf(weightsOf(version), range)] } };
}

/**
 * An engine whose gradient is its parameters plus one, and whose delta is its parameters plus the rate; `failing`
 * makes it throw.
 */
export class FakeEngine implements Engine {
  readonly name = 'wasm';
  readonly detail = 'x'.repeat(300);
  readonly software = false;
  held: DataShard | null = null;
  readonly orders: number[][] = [];
  readonly locals: LocalTraining[] = [];
  failing: string | null = null;
  disposed = 0;

  hold(shard: DataShard): Promise<void> {
    this.held = shard;
    return Promise.resolve();
  }

  gradient(parameters: Float32Array, order: Uint32Array): Promise<GradientResult> {
    return this.#visit(order, { gradient: parameters.map((value) => value + 1), loss: 0 });
  }

  train(parameters: Float32Array, order: Uint32Array, local: LocalTraining): Promise<TrainingResult> {
    this.locals.push(local);
    return this.#visit(order, { delta: parameters.map((value) => value + local.lr), loss: 0 });
  }

  evaluate(): Promise<EvaluationResult> {
    return Promise.resolve({ correct: 0, loss: 0 });
  }

  dispose(): void {
    this.disposed++;
  }

  #visit<Result>(order: Uint32Array, result: Result): Promise<Result> {
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    this.orders.push([...order]);
    return Promise.resolve(result);
  }
}

/** The server as a volunteer sees it: answers at once as it is told to, and keeps a list of what was asked. */
export class FakeServer implements Connection {
  /** What was asked for, in order: `hello`, `join 0,1`, `ready`, `pull 0 @3`, `push 0 #1`, `restart`, ... */
  readonly asked: string[] = [];
  readonly hellos: Hello[] = [];
  readonly readies: Ready[] = [];
  readonly pushed: Float32Array[] = [];
  welcome: () => Promise<Welcome | Refusal> = () => Promise.resolve(WELCOME);
  /** Told after each welcome. */
  run = RUN_DESCRIPTION;
  ready: () => Promise<void> = () => Promise.resolve();
  leave: () => Promise<void> = () => Promise.resolve();
  pull: (shard: number, version: number) => Promise<HostReply> = (shard, version) =>
    Promise.resolve(replyAt(shard, 'OK', version));
  push: (shard: number, terms: SignedTerms) => Promise<HostReply> = (shard, terms) =>
    Promise.resolve(replyAt(shard, 'APPLIED', terms.baseVersion + 1));
  #events: CoordinatorEvents | null = null;

  readonly connect = (events: CoordinatorEvents): Connection => {
    this.#events = events;
    return this;
  };

  /** What the server says without being asked. */
  get says(): CoordinatorEvents {
    if (this.#events === null) throw new Error('nobody connected');
    return this.#events;
  }

  readonly coordinator = {
    hello: (hello: Hello) => {
      this.asked.push('hello');
      const asked = this.hellos.push(hello);
      return this.welcome().then((answer) => {
        if ('device' in answer && asked === this.hellos.length) this.says.run(this.run);
        return answer;
      });
    },
    ready: (ready: Ready) => {
      this.asked.push('ready');
      this.readies.push(ready);
      return this.ready();
    },
    release: (lease: number, reason: string) => {
      this.asked.push(`release #${lease}: ${reason}`);
      return Promise.resolve();
    },
    leave: () => {
      this.asked.push('leave');
      return this.leave();
    },
  };

  joinHosts({ device }: Welcome, { shards, incarnation, hosts }: RunDescription) {
    const tokens = hosts.map(({ accessToken }) => accessToken.slice(0, 2));
    this.asked.push(
      `join ${shards.map(({ index }) => index).join()} of ${incarnation} as ${device} ${tokens.join()}`,
    );
    return Promise.resolve(this.hostClients(shards));
  }

  hostClients(shards: RunDescription['shards']) {
    return shards.map((place) => ({ places: [place], ...this.#hostClient(place.index) }));
  }

  #hostClient(index: number) {
    return {
      pull: (version: number) => {
        this.asked.push(`pull ${index} @${version}`);
        return this.pull(index, version);
      },
      push: (terms: SignedTerms, slices: readonly Float32Array[]) => {
        this.asked.push(`push ${index} #${terms.lease}`);
        this.pushed.push(...slices);
        return this.push(index, terms);
      },
    };
  }

  restart(): void {
    this.asked.push('restart');
  }

  close(): void {
    this.asked.push('close');
  }

  /** What was asked for since the last call. */
  news(): string[] {
    return this.asked.splice(0);
  }
}
