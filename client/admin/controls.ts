import type { AdminSnapshot, RunAction } from '../../shared/protocol/admin.ts';
import type { RunStatus } from '../../shared/protocol/messages.ts';
import { buttonById, byId, setNotice } from '../page/dom.ts';
import { act, snapshotOf } from './api.ts';

/** What may be asked of a run in each state. */
export const POSSIBLE: Record<RunStatus['state'], readonly RunAction[]> = {
  running: ['pause', 'stop'],
  paused: ['start', 'stop'],
  stopped: ['start'],
};

let latest: AdminSnapshot | null = null;
let busy = false;

function refresh(): void {
  const possible = latest && !busy ? POSSIBLE[latest.status.state] : [];
  for (const action of ['start', 'pause', 'stop'] as const) {
    buttonById(action).disabled = !possible.includes(action);
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

/** Connects the buttons. */
export function wireControls(events: ControlEvents): void {
  const request = async (action: RunAction) => {
    if (!latest || busy) return;
    busy = true;
    refresh();
    setNotice(byId('action-error'), null);
    const answer = await act(latest.run, action);
    const snapshot = answer.kind === 'done' ? snapshotOf(answer) : null;
    if (snapshot !== null) events.changed(snapshot);
    busy = false;
    refresh();
    if (answer.kind === 'denied') events.denied(answer.reason);
    if (answer.kind === 'failed')
      setNotice(byId('action-error'), `Could not ${action} the run: ${answer.reason}`);
  };

  buttonById('start').addEventListener('click', () => void request('start'));
  buttonById('pause').addEventListener('click', () => void request('pause'));

  const dialog = byId('stop-dialog');
  if (!(dialog instanceof HTMLDialogElement)) throw new Error('#stop-dialog is not a dialog.');
  buttonById('stop').addEventListener('click', () => {
    // Escape closes the dialog with the value it had before, which must not be that of an earlier yes.
    dialog.returnValue = 'keep';
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'stop') void request('stop');
  });
}
