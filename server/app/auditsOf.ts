import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { deriveSeed } from '../../shared/random/generator.ts';
import { MODES } from '../core/policy/modes.ts';
import type { AuditFigures, Finding } from '../core/run/audits.ts';
import type { Recompute } from '../core/run/recomputation.ts';
import type { RunAudits } from '../core/run/runAudits.ts';
import { systemErrorMessage } from '../store/errors.ts';
import type { Config } from '../config/config.ts';
import { arithmeticOf } from './arithmeticOf.ts';

export interface AuditsOfParts {
  /** Null where nothing is audited. */
  recompute: Recompute | null;
  /** Of the incarnation; devices do not know it, nor, therefore, what is drawn. */
  secret: Uint8Array;
  found: (finding: Finding) => void;
  log: (line: string) => void;
}

/** How a run with these settings is audited. */
export function auditsOf(config: Config, { recompute, secret, found, log }: AuditsOfParts): RunAudits | null {
  if (recompute === null) return null;
  return {
    share: config.auditCpu / 100,
    arithmetic: arithmeticOf(config),
    codec: config.codec,
    seed: deriveSeed(...secret),
    combines: MODES[config.mode].sizedBy !== null,
    recompute,
    found,
    failed: (error) => log(`an audit failed: ${systemErrorMessage(error)}`),
  };
}

/** What people are shown of audits. */
export function auditReportOf(figures: AuditFigures | null): AdminSnapshot['audits'] {
  if (figures === null) return null;
  const { right, wrong, unclear, spentMs, share } = figures;
  return { right, wrong, unclear, seconds: spentMs / 1000, share };
}
