import { describeDistance, finiteOrNull } from '../../../shared/protocol/audits.ts';
import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Clock } from '../clock.ts';
import type { Crowd } from '../crowd/crowd.ts';
import { auditRateOf, firstTrust, isVouchedFor, TRUST } from '../crowd/trust.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import { Audits, NO_AUDITS, type AuditScheduler, type AuditSettings, type Finding } from './audits.ts';

/** How the updates of a run are audited, and who is told. */
export interface RunAudits extends AuditSettings {
  /** A commit combines several updates by a rule: those of new devices need not wait for their audits. */
  combines: boolean;
  found: (finding: Finding) => void;
  /** A unit could not be computed again; nothing follows from that. */
  failed: (error: unknown) => void;
}

export interface RunAuditsParts {
  clock: Clock;
  crowd: Crowd;
  ranges: KeyRange[];
  /** In the order of the key ranges. */
  shards: readonly ShardPort[];
  /** The update of this lease of a device was found wrong, or is of one that is barred; called after the device was judged. */
  foundWrong: (lease: number, device: string) => void;
}

/** The audits of a run: what a device's trust asks for, and what a verdict means for it. */
export function createAudits(audits: RunAudits | null, parts: RunAuditsParts): AuditScheduler {
  if (audits === null) return NO_AUDITS;
  const { clock, crowd, ranges, shards, foundWrong } = parts;
  const kind = audits.combines ? 'together' : 'alone';
  return new Audits(audits, {
    clock,
    shards,
    ranges,
    traitsOf: (device, isCautious) => {
      const known = crowd.get(device);
      const record = known?.history.trust ?? firstTrust(false);
      const { state } = record;
      const { waits, joins } = TRUST[state];
      const standing = { state, isProved: record.audits.right > 0, isHere: known?.isHere ?? false };
      const isHeldBack = isCautious && joins && !isVouchedFor(record);
      const auditRate = isHeldBack ? 1 : auditRateOf(record);
      return { auditRate, standing, joins, waits: isHeldBack || waits[kind] };
    },
    found: (finding) => {
      const { lease, device, verdict, relative, cosine } = finding;
      audits.found(finding);
      crowd.audited(device, verdict, describeDistance(finiteOrNull(relative), finiteOrNull(cosine)));
      if (verdict === 'wrong') foundWrong(lease, device);
    },
    unheard: foundWrong,
    failed: audits.failed,
  });
}
