import { keptVersionList, type AdminSnapshot, type KeptVersion } from '../../shared/protocol/admin.ts';
import { possibleActions, RUN_ACTIONS } from '../../shared/protocol/runActions.ts';
import { byId, element, setNotice, setText } from '../page/dom.ts';
import { formatCount, formatPercent } from '../page/format.ts';
import { act, keptVersionsOf, snapshotOf } from './api.ts';
import { createConfirmation } from './confirmation.ts';
import type { ControlEvents } from './controls.ts';
import { formatTime } from './overview.ts';

/** The versions that the run can be rolled back to, with a button each. */

let latest: AdminSnapshot | null = null;
let events: ControlEvents | null = null;
let chosen: number | null = null;
let isBusy = false;
/** The run and the checkpoint that the list was asked for at; another one asks for it again. */
let listedFor = '';
let versions: readonly KeptVersion[] = [];
let drawn = '';

const { label, help, confirm } = RUN_ACTIONS.rollback;
let ask: () => void = () => undefined;

/** Asks what is kept when there is another checkpoint, and has the buttons follow the state of the run. */
export function renderKeptVersions(snapshot: AdminSnapshot): void {
  latest = snapshot;
  const now = `${snapshot.incarnation} ${snapshot.checkpoint?.version ?? ''} ${snapshot.measurements.length === 0}`;
  if (now !== listedFor) {
    listedFor = now;
    void list(snapshot.run);
  }
  draw();
}

/** Readies the question before a rollback. */
export function wireKeptVersions(told: ControlEvents): void {
  events = told;
  if (confirm !== null) ask = createConfirmation('rollback', confirm, () => void rollBack());
  byId('kept-again').addEventListener('click', () => {
    if (latest !== null) void list(latest.run);
  });
}

async function list(run: string): Promise<void> {
  const answer = await keptVersionsOf(run);
  if (answer.kind !== 'done') return;
  const parsed = keptVersionList.safeParse(answer.body);
  if (parsed.success) versions = parsed.data.versions;
  draw();
}

async function rollBack(): Promise<void> {
  if (latest === null || chosen === null || isBusy) return;
  isBusy = true;
  draw();
  setNotice(byId('kept-error'), null);
  const answer = await act(latest.run, 'rollback', { version: chosen });
  isBusy = false;
  const snapshot = answer.kind === 'done' ? snapshotOf(answer) : null;
  if (snapshot !== null) events?.changed(snapshot);
  if (answer.kind === 'denied') events?.denied(answer.reason);
  if (answer.kind === 'failed')
    setNotice(byId('kept-error'), `Could not roll the run back: ${answer.reason}`);
  await list(latest.run);
}

function draw(): void {
  const isPossible = !isBusy && latest !== null && possibleActions(latest.status.state).includes('rollback');
  const now = `${isPossible} ${JSON.stringify(versions)}`;
  if (now === drawn) return;
  drawn = now;
  byId('kept').replaceChildren(...versions.map((kept) => rowOf(kept, isPossible)));
  setText(byId('kept-none'), versions.length === 0 ? 'No version is kept yet.' : '');
}

function rowOf(kept: KeptVersion, isPossible: boolean): HTMLElement {
  const button = element('button', 'button', label);
  button.type = 'button';
  button.title = help;
  button.disabled = !isPossible;
  button.dataset.testid = `rollback-${kept.version}`;
  button.addEventListener('click', () => {
    chosen = kept.version;
    ask();
  });
  const row = element('li', 'row');
  row.append(element('span', '', describeKept(kept)), button);
  return row;
}

/** For instance `Version 1,240: 94.31%, good, saved at 12:00`. */
function describeKept({ version, testAccuracy, good, savedAt }: KeptVersion): string {
  const quality =
    testAccuracy === null ? 'not measured' : `${formatPercent(testAccuracy)}${good ? ', good' : ''}`;
  const where = savedAt === null ? 'in memory' : `saved ${formatTime(savedAt)}`;
  return `Version ${formatCount(version)}: ${quality}, ${where}`;
}
