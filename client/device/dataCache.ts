import { decodeDataShard, type DataShard } from '../../shared/dataset/dataShard.ts';
import { below } from '../../shared/protocol/basePath.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';
import type { WorkUnit } from '../../shared/protocol/messages.ts';

/** Fetches data shards and keeps them: their names are hashes of their content, so they never change. */
export class DataCache {
  readonly #server: string;
  readonly #fetched: (bytes: number, begun: number) => void;
  readonly #shards = new Map<string, Promise<DataShard>>();

  /**
   * @param server its base, at the root of its host or below a path.
   * @param fetched is told what came over the network since when, by `performance.now()`.
   */
  constructor(server: string, fetched: (bytes: number, begun: number) => void = () => undefined) {
    this.#server = server;
    this.#fetched = fetched;
  }

  /** @throws {Error} where the server does not have it or sends something else. */
  get(ref: WorkUnit['dataShard']): Promise<DataShard> {
    const known = this.#shards.get(ref.path);
    if (known !== undefined) return known;
    const fetched = this.#fetch(below(this.#server, ref.path), ref.samples);
    this.#shards.set(ref.path, fetched);
    // A failure is not kept: the next unit tries again.
    fetched.catch(() => this.#shards.delete(ref.path));
    return fetched;
  }

  async #fetch(url: URL, samples: number): Promise<DataShard> {
    const begun = performance.now();
    const response = await fetch(url).catch((error: unknown) => {
      throw new Error(`data shard: ${errorMessage(error)}`);
    });
    if (!response.ok) throw new Error(`data shard: the server answered ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    // Compressed, where it was.
    this.#fetched(Number(response.headers.get('content-length') ?? bytes.byteLength), begun);
    const shard = decodeDataShard(bytes);
    if (shard.samples !== samples) throw new Error('data shard: not the one that was leased');
    return shard;
  }
}
