import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { byId, setNotice, setText } from '../page/dom.ts';
import { describePlan, describeValue, describeWaiting } from './placementWords.ts';

/** The plan in force; each device's allocation is in the device table. */
export function renderPlacement({ placement }: AdminSnapshot): void {
  setText(byId('plan'), describePlan(placement));
  setText(byId('plan-values'), describeValue(placement));
  const waiting = describeWaiting(placement);
  setNotice(byId('plan-waiting'), waiting === '' ? null : waiting);
  const { length } = placement.constraints;
  setText(
    byId('plan-constraints'),
    length === 0 ? '' : `${length} ${length === 1 ? 'constraint' : 'constraints'} from outside in force.`,
  );
}
