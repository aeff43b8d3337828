import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import {
  LIVE_SETTING_NAMES,
  LIVE_SETTINGS,
  type ConfigureRequest,
  type LiveSettingName,
} from '../../shared/protocol/liveSettings.ts';
import { RUN_ACTIONS } from '../../shared/protocol/runActions.ts';
import { buttonById, byId, element, setNotice } from '../page/dom.ts';
import { act, snapshotOf } from './api.ts';
import type { ControlEvents } from './controls.ts';

const NOTHING = 'none';

interface Field {
  row: HTMLElement;
  input: HTMLInputElement;
}

const fields = new Map<LiveSettingName, Field>();
let latest: AdminSnapshot | null = null;
let pending = false;

/** A setting as it is typed. */
const shown = (snapshot: AdminSnapshot, name: LiveSettingName): string =>
  String(snapshot.settings[name] ?? NOTHING);

/** What is typed and differs from what is in force. */
function typed(snapshot: AdminSnapshot): ConfigureRequest['changes'] {
  const changed = [...fields].filter(
    ([name, { row, input }]) => !row.hidden && input.value.trim() !== shown(snapshot, name),
  );
  return Object.fromEntries(changed.map(([name, { input }]) => [name, input.value.trim()]));
}

function refresh(): void {
  buttonById('live-submit').disabled = pending || latest === null || Object.keys(typed(latest)).length === 0;
}

/** Shows the settings in force, but where another value has been typed. */
export function renderLiveSettings(snapshot: AdminSnapshot): void {
  const before = latest;
  latest = snapshot;
  const { localSteps } = snapshot.settings;
  for (const [name, { row, input }] of fields) {
    row.hidden = LIVE_SETTINGS[name].ofLocalSteps && localSteps === 1;
    const isUntouched = before === null || input.value === shown(before, name);
    if (isUntouched) input.value = shown(snapshot, name);
  }
  refresh();
}

/** Makes a field for each setting that may change while a run goes on [CF10]. */
export function wireLiveSettings(events: ControlEvents): void {
  for (const name of LIVE_SETTING_NAMES) {
    const row = element('label', 'field');
    const input = element('input');
    input.name = name;
    input.dataset.testid = `live-${name}`;
    input.addEventListener('input', refresh);
    row.append(element('span', 'label', LIVE_SETTINGS[name].label), input);
    fields.set(name, { row, input });
  }
  byId('live-fields').replaceChildren(...[...fields.values()].map(({ row }) => row));
  buttonById('live-submit').title = RUN_ACTIONS.configure.help;
  byId('live-settings').addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(events);
  });
}

async function submit(events: ControlEvents): Promise<void> {
  if (latest === null || pending) return;
  pending = true;
  refresh();
  setNotice(byId('live-error'), null);
  const changes = typed(latest);
  const answer = await act(latest.run, 'configure', { changes } satisfies ConfigureRequest);
  pending = false;
  const snapshot = answer.kind === 'done' ? snapshotOf(answer) : null;
  if (snapshot !== null) {
    take(snapshot, changes);
    events.changed(snapshot);
  }
  refresh();
  if (answer.kind === 'denied') events.denied(answer.reason);
  if (answer.kind === 'failed') setNotice(byId('live-error'), `Nothing is changed: ${answer.reason}`);
}

/** Shows what was changed as the server has it, which may be written in another way than it was typed. */
function take(snapshot: AdminSnapshot, changes: ConfigureRequest['changes']): void {
  for (const [name, { input }] of fields) if (name in changes) input.value = shown(snapshot, name);
}
