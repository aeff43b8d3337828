import type { AdminSnapshot, DeviceRow } from '../../shared/protocol/admin.ts';
import {
  DEVICE_ACTION_NAMES,
  DEVICE_ACTIONS,
  type DeviceAction,
} from '../../shared/protocol/deviceActions.ts';
import { byId, element, setNotice } from '../page/dom.ts';
import { postDeviceAction, snapshotOf } from './api.ts';
import { createConfirmation } from './confirmation.ts';
import type { ControlEvents } from './controls.ts';

/** What an operator may have done with a device: a button each in its row. */

const LOOKS = { plain: 'button', danger: 'button danger' } as const;

let events: ControlEvents | null = null;
let latest: AdminSnapshot | null = null;
/** Of which device a question is asked. */
let chosen = '';
/** Asked for and not answered yet. */
const pending = new Set<string>();
const questions = new Map<DeviceAction, () => void>();

/** Readies the questions before actions that have one. */
export function wireDeviceActions(told: ControlEvents): void {
  events = told;
  for (const action of DEVICE_ACTION_NAMES) {
    const { confirm } = DEVICE_ACTIONS[action];
    if (confirm !== null)
      questions.set(
        action,
        createConfirmation(action, confirm, () => void request(chosen, action)),
      );
  }
}

/** The buttons of a device. */
export function makeDeviceButtons(device: string): HTMLElement {
  const bar = element('span', 'acts');
  bar.append(
    ...DEVICE_ACTION_NAMES.map((action) => {
      const { label, help, look } = DEVICE_ACTIONS[action];
      const button = element('button', LOOKS[look], label);
      button.type = 'button';
      button.title = help;
      button.dataset.testid = `${action}-${device}`;
      button.dataset.action = action;
      button.addEventListener('click', () => {
        chosen = device;
        const ask = questions.get(action);
        if (ask === undefined) void request(device, action);
        else ask();
      });
      return button;
    }),
  );
  return bar;
}

/** Shows those that are possible with the device as it is. */
export function renderDeviceButtons(
  bar: Element,
  { device, trust }: DeviceRow,
  snapshot: AdminSnapshot,
): void {
  latest = snapshot;
  DEVICE_ACTION_NAMES.forEach((action, place) => {
    const button = bar.children[place];
    if (!(button instanceof HTMLButtonElement)) return;
    button.hidden = !DEVICE_ACTIONS[action].possible.includes(trust.state);
    button.disabled = pending.has(device);
  });
}

async function request(device: string, action: DeviceAction): Promise<void> {
  if (latest === null || pending.has(device)) return;
  pending.add(device);
  setNotice(byId('device-error'), null);
  const answer = await postDeviceAction(latest.run, device, action);
  pending.delete(device);
  const snapshot = answer.kind === 'done' ? snapshotOf(answer) : null;
  if (snapshot !== null) events?.changed(snapshot);
  if (answer.kind === 'denied') events?.denied(answer.reason);
  if (answer.kind === 'failed')
    setNotice(byId('device-error'), `Could not ${action} device ${device}: ${answer.reason}`);
}
