import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import {
  PLAIN_ACTION_NAMES,
  possibleActions,
  RUN_ACTIONS,
  type RunAction,
} from '../../shared/protocol/runActions.ts';
import { byId, element, setNotice } from '../page/dom.ts';
import { act, snapshotOf } from './api.ts';
import { createConfirmation } from './confirmation.ts';

const LOOKS = { primary: 'button primary', plain: 'button', danger: 'button danger' } as const;

const buttons = new Map<RunAction, HTMLButtonElement>();
/** Asked for and not answered yet. One that takes long keeps nobody from the others. */
const pending = new Set<RunAction>();
let latest: AdminSnapshot | null = null;

function refresh(): void {
  const possible = latest === null ? [] : possibleActions(latest.status.state);
  for (const [action, button] of buttons) {
    button.disabled = pending.has(action) || !possible.includes(action);
    button.setAttribute('aria-busy', String(pending.has(action)));
  }
}

export function renderControls(snapshot: AdminSnapshot): void {
  latest = snapshot;
  refresh();
}

export interface ControlEvents {
  /** The run as it is after what was asked of it. */
  changed(snapshot: AdminSnapshot): void;
  /** The server no longer knows us. */
  denied(reason: string): void;
}

/** Makes a button for each action of a run that needs nothing else [AD14]. */
export function wireControls(events: ControlEvents): void {
  for (const action of PLAIN_ACTION_NAMES) {
    const { label, help, look, confirm } = RUN_ACTIONS[action];
    const request = () => void requestAction(action, events);
    const button = element('button', LOOKS[look], label);
    button.type = 'button';
    button.title = help;
    button.dataset.testid = action;
    button.addEventListener(
      'click',
      confirm === null ? request : createConfirmation(action, confirm, request),
    );
    buttons.set(action, button);
  }
  byId('controls').replaceChildren(...buttons.values());
  refresh();
}

async function requestAction(action: RunAction, events: ControlEvents): Promise<void> {
  if (latest === null || pending.has(action)) return;
  pending.add(action);
  refresh();
  setNotice(byId('action-error'), null);
  const answer = await act(latest.run, action);
  pending.delete(action);
  const snapshot = answer.kind === 'done' ? snapshotOf(answer) : null;
  if (snapshot !== null) events.changed(snapshot);
  refresh();
  if (answer.kind === 'denied') events.denied(answer.reason);
  if (answer.kind === 'failed') {
    setNotice(byId('action-error'), `Could not ${action} the run: ${answer.reason}`);
  }
}
