import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { checkData } from '../../shared/engine/data.ts';
import type { Engine, LocalTraining } from '../../shared/engine/engine.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

/* An engine in a thread of its own, and what it looks like from outside: the same. */

/** What an engine's thread is asked, and the arguments of each. */
interface Calls {
  load: [spec: ModelSpec, arithmetic: Arithmetic];
  hold: [shard: DataShard];
  gradient: [parameters: Float32Array, order: Uint32Array];
  train: [parameters: Float32Array, order: Uint32Array, local: LocalTraining];
  evaluate: [parameters: Float32Array];
}
type CallName = keyof Calls;

export type EngineRequest = {
  [Name in CallName]: { id: number; call: Name; args: Calls[Name] };
}[CallName];

export type EngineAnswer = { id: number; result: unknown } | { id: number; error: string };

type Identity = Pick<Engine, 'name' | 'detail' | 'software'>;

/** A thread as its owner sees it. */
export interface EngineThread {
  post(request: EngineRequest): void;
  /** Tells of answers, and of the end of a thread that ends on its own. */
  listen(answered: (answer: EngineAnswer) => void, died: (reason: string) => void): void;
  end(): void;
}

/** Answers the requests of an owner, one after the other, with an engine that is loaded by the first. */
export function createEngineServer(
  load: (spec: ModelSpec, arithmetic: Arithmetic) => Promise<Engine>,
): (request: EngineRequest) => Promise<EngineAnswer> {
  let engine: Engine | null = null;
  const answerTo = async (request: EngineRequest): Promise<unknown> => {
    if (request.call === 'load') {
      engine = await load(...request.args);
      const { name, detail, software } = engine;
      return { name, detail, software } satisfies Identity;
    }
    if (engine === null) throw new Error('no engine was loaded');
    switch (request.call) {
      case 'hold':
        return engine.hold(...request.args);
      case 'gradient':
        return engine.gradient(...request.args);
      case 'train':
        return engine.train(...request.args);
      case 'evaluate':
        return engine.evaluate(...request.args);
    }
  };
  return async (request) => {
    const { id } = request;
    try {
      return { id, result: await answerTo(request) };
    } catch (error) {
      return { id, error: errorMessage(error) };
    }
  };
}

/**
 * Loads an engine in a thread; it ends with the engine.
 * @throws {Error} where the thread dies or cannot load it.
 */
export async function openThreadEngine(
  spec: ModelSpec,
  arithmetic: Arithmetic,
  thread: EngineThread,
): Promise<Engine> {
  const client = new ThreadClient(thread);
  try {
    const identity = (await client.ask('load', [spec, arithmetic])) as Identity;
    return engineOn(spec, client, identity);
  } catch (error) {
    client.end('it could not be loaded');
    throw error;
  }
}

function engineOn(spec: ModelSpec, client: ThreadClient, { name, detail, software }: Identity): Engine {
  let held: DataShard | null = null;
  // Each answer is what the same method of the engine in the thread gave.
  const ask = <Name extends CallName>(call: Name, args: Calls[Name]) => client.ask(call, args) as never;
  return {
    name,
    detail,
    software,
    async hold(shard) {
      if (shard === held) return;
      // On this side: an error loses its class on the way from a thread.
      checkData(spec, shard);
      held = null;
      await client.ask('hold', [shard]);
      held = shard;
    },
    gradient: (parameters, order) => ask('gradient', [parameters, order]),
    train: (parameters, order, local) => ask('train', [parameters, order, local]),
    evaluate: (parameters) => ask('evaluate', [parameters]),
    dispose: () => client.end('it was disposed of'),
  };
}

/** Matches answers to requests; whatever is open when the thread ends is rejected. */
class ThreadClient {
  readonly #thread: EngineThread;
  readonly #open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;
  #ended: string | null = null;

  constructor(thread: EngineThread) {
    this.#thread = thread;
    thread.listen(
      (answer) => this.#settle(answer),
      (reason) => this.end(reason),
    );
  }

  ask<Name extends CallName>(call: Name, args: Calls[Name]): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(threadError(this.#ended));
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      // The pair of a name and its arguments is one of the union, which the compiler cannot see.
      this.#thread.post({ id, call, args } as EngineRequest);
    });
  }

  end(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#thread.end();
    for (const { reject } of this.#open.values()) reject(threadError(reason));
    this.#open.clear();
  }

  #settle(answer: EngineAnswer): void {
    const waiting = this.#open.get(answer.id);
    this.#open.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.result);
  }
}

const threadError = (reason: string) => new Error(`the engine's thread ended: ${reason}`);
