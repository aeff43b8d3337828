import { counted } from '../../shared/text/counted.ts';
import type { TrustRecord } from '../../shared/protocol/trust.ts';

/** The evidence for how far a device is trusted, for instance `checked 13 times: 12 right, 1 wrong; 2 bad updates`. */
export function describeEvidence({ vouched, audits, faults, cause }: TrustRecord): string {
  return [
    ...(vouched ? ['showed the join credential'] : []),
    describeAudits(audits),
    ...(faults === 0 ? [] : [counted(faults, 'bad update')]),
    ...(cause === null ? [] : [cause.why]),
  ].join('; ');
}

function describeAudits({ right, wrong, unclear }: TrustRecord['audits']): string {
  const all = right + wrong + unclear;
  if (all === 0) return 'not checked yet';
  const parts = [
    `${right} right`,
    ...(wrong === 0 ? [] : [`${wrong} wrong`]),
    ...(unclear === 0 ? [] : [`${unclear} undecided`]),
  ];
  return `checked ${counted(all, 'time')}: ${parts.join(', ')}`;
}
