import type { EncodedFrame } from '../../../shared/protocol/frame.ts';
import type { SignedTerms } from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { Shard, SliceAnswer } from './shard.ts';

/** The one answer of several shards. The slices are arrays of the shards: do not change them. */
export interface GroupAnswer {
  outcome: Outcome;
  reason?: string;
  /** With DUPLICATE: what was answered first. */
  first?: Outcome;
  /** Of the slices; both are absent where not every shard gave its slice at one version. */
  version?: number;
  /** In the order of the shards. */
  slices?: Float32Array[];
}

/** What a shard answers where nothing is wrong with its slice. */
const GOOD: ReadonlySet<Outcome> = new Set(['OK', 'APPLIED']);

/**
 * The shards of one run in one process, which a device asks all at once and gets one answer from: a fault of one
 * slice is the outcome of all [CM2].
 */
export class ShardGroup {
  readonly #shards: Shard[] = [];

  /** In the order of their key ranges. */
  get shards(): readonly Shard[] {
    return this.#shards;
  }

  add(shard: Shard): void {
    this.#shards.push(shard);
    this.#shards.sort((left, right) => left.index - right.index);
  }

  /** As {@link Shard.push}, with a slice for each shard; where one is missing, none is staged. */
  push(
    device: string,
    terms: SignedTerms,
    frames: readonly EncodedFrame[],
    answer: (answer: GroupAnswer) => void,
  ): void {
    if (frames.length !== this.#shards.length) {
      const reason = `a push brings a slice for each of the ${this.#shards.length} shards here`;
      answer({ outcome: 'MALFORMED', reason });
      return;
    }
    const asks = frames.flatMap((frame, index) => {
      const shard = this.#shards[index];
      return shard === undefined ? [] : [(reply: Reply) => shard.push(device, terms, frame, reply)];
    });
    askAll(asks, answer);
  }

  /** As {@link Shard.pull}. */
  pull(version: number, answer: (answer: GroupAnswer) => void): void {
    askAll(
      this.#shards.map((shard) => (reply: Reply) => shard.pull(version, reply)),
      answer,
    );
  }

  /** As {@link Shard.abandon}. */
  abandon(): void {
    for (const shard of this.#shards) shard.abandon();
  }
}

type Reply = (answer: SliceAnswer) => void;

/** Puts the answers together once the last is there. */
function askAll(asks: ((reply: Reply) => void)[], answer: (answer: GroupAnswer) => void): void {
  const answers: SliceAnswer[] = [];
  let left = asks.length;
  asks.forEach((ask, index) =>
    ask((given) => {
      answers[index] = given;
      if (--left === 0) answer(oneOf(answers));
    }),
  );
}

function oneOf(answers: readonly SliceAnswer[]): GroupAnswer {
  const bad = answers.find(({ outcome, first }) => !GOOD.has(first ?? outcome));
  // Where one shard decided a moment before the others, a repeated push is no repetition to them.
  const told = bad ?? answers.find(({ first }) => first === undefined) ?? answers[0];
  if (told === undefined) throw new Error('shard group: it has no shards');
  const { outcome, reason, first, version } = told;
  const slices = answers.flatMap(({ slice }) => slice ?? []);
  const isWhole = slices.length === answers.length && answers.every((each) => each.version === version);
  return {
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(first === undefined ? {} : { first }),
    ...(isWhole && version !== undefined ? { version, slices } : {}),
  };
}
