import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { DataMisfitError } from '../../shared/engine/data.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { computeUpdate, orderOf } from '../../shared/engine/unit.ts';
import type { Lease, WorkUnit } from '../../shared/protocol/messages.ts';
import { leavesLeaseOpen } from './asking.ts';
import { OUTCOMES, type Outcome } from '../../shared/protocol/outcomes.ts';
import type { HostClient, HostReply } from '../transport/connection.ts';
import type { Weights } from './weights.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

/** What a unit needs, on any thread or transport. */
export interface UnitParts {
  engine: Engine;
  weights: Weights;
  hosts: HostClient[];
  dataShard: (ref: WorkUnit['dataShard']) => Promise<DataShard>;
}

export type UnitResult =
  | {
      done: true;
      outcome: Outcome;
      samples: number;
      /** Version of the weights that the answers brought; null where they brought none. */
      brought: number | null;
      /** What was computed on. */
      work: { parameters: Float32Array; data: DataShard; order: Uint32Array };
    }
  /** The unit could not be done; the lease is to be released. */
  | { done: false; reason: string; fault: 'engine' | 'supply' | 'push' };

/**
 * Does one work unit: weights, data, gradient or local steps, push [UN1] [UN3].
 * @param submitting is called when all that is left is the push.
 * @throws {Error} where the connection is lost on the way.
 */
export async function trainUnit(
  { terms, unit }: Lease,
  parts: UnitParts,
  submitting: () => void = () => undefined,
): Promise<UnitResult> {
  const { engine, weights, hosts } = parts;
  const [parameters, data] = await Promise.all([
    weights.at(terms.baseVersion),
    parts.dataShard(unit.dataShard).catch((error: unknown) => errorMessage(error)),
  ]);
  if (parameters === null)
    return { done: false, fault: 'supply', reason: `version ${terms.baseVersion} is gone` };
  if (typeof data === 'string') return { done: false, fault: 'supply', reason: data };
  if (data.samples === 0) return { done: false, fault: 'supply', reason: 'the data shard is empty' };
  const order = orderOf(unit, data.samples);
  const update = await computeUpdate(engine, unit, parameters, data, order).catch(faultOf);
  if (!(update instanceof Float32Array)) return { done: false, ...update };
  submitting();
  const slices = weights.cut(update);
  const pushes = hosts.map((host, index) => host.push(terms, slices[index] ?? []));
  const replies = await Promise.all(pushes.map(ending)).catch((error: unknown) => {
    if (error instanceof LeaseOpen) return error;
    throw error;
  });
  // The other hosts hold their answers until the lease is over: they are not waited for.
  if (replies instanceof LeaseOpen) return { done: false, fault: 'push', reason: replies.message };
  const refused = replies.find(({ outcome }) => outcome !== 'APPLIED');
  return {
    done: true,
    outcome: refused?.outcome ?? 'APPLIED',
    samples: order.length,
    brought: weights.take(replies),
    work: { parameters, data, order },
  };
}

/** A shard host turned a push away without an end to its lease. */
class LeaseOpen extends Error {
  override name = 'LeaseOpen';
}

/** The answer to a push. @throws {LeaseOpen} where it ends no lease [LS9]. */
async function ending(push: Promise<HostReply>): Promise<HostReply> {
  const reply = await push;
  if (leavesLeaseOpen(reply.outcome))
    throw new LeaseOpen(`${reply.outcome}: ${OUTCOMES[reply.outcome].means}`);
  return reply;
}

/** What is at fault for a unit that could not be computed: no other engine would make better data of it [EN22]. */
function faultOf(error: unknown): { fault: 'engine' | 'supply'; reason: string } {
  return { fault: error instanceof DataMisfitError ? 'supply' : 'engine', reason: errorMessage(error) };
}
