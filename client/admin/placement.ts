import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { byId, setNotice, setText } from '../page/dom.ts';
import { planWords, valueWords, waitingWords } from './placementWords.ts';

/** The plan in force; each device's share of it stands in the device table. */
export function renderPlacement({ placement }: AdminSnapshot): void {
  setText(byId('plan'), planWords(placement));
  setText(byId('plan-values'), valueWords(placement));
  const waiting = waitingWords(placement);
  setNotice(byId('plan-waiting'), waiting === '' ? null : waiting);
  const { length } = placement.assignments;
  setText(
    byId('plan-instructions'),
    length === 0 ? '' : `${length} ${length === 1 ? 'instruction' : 'instructions'} from outside in force.`,
  );
}
