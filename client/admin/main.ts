import '../page/noEval.ts';
import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { buttonById, byId, setNotice } from '../page/dom.ts';
import { openSession } from './api.ts';
import { renderCharts, wireCharts } from './charts.ts';
import { renderControls, wireControls } from './controls.ts';
import { wireDeviceActions } from './deviceActions.ts';
import { renderDevices } from './devices.ts';
import { renderEvents, wireEvents } from './events.ts';
import { renderLiveSettings, wireLiveSettings } from './liveSettings.ts';
import { follow, isOlder } from './feed.ts';
import { renderKeptVersions, wireKeptVersions } from './keptVersions.ts';
import { renderOverview } from './overview.ts';
import { renderPlacement } from './placement.ts';
import { renderSettings } from './settings.ts';
import { VIEWS, type View } from './views.ts';
import { findToken, takeToken } from './token.ts';

function showView(view: View): void {
  for (const name of VIEWS) byId(name).hidden = name !== view;
}

/** Ends the present feed. */
let leave: (() => void) | null = null;

function showLogin(message: string | null): void {
  leave?.();
  leave = null;
  showView('login');
  setNotice(byId('banner'), null);
  setNotice(byId('login-error'), message);
  byId('token').focus();
}

let newest: AdminSnapshot | null = null;

/** Shows a snapshot, unless a newer one is shown already: they arrive in two ways. */
function show(snapshot: AdminSnapshot): void {
  if (isOlder(snapshot, newest)) return;
  newest = snapshot;
  showView('console');
  renderOverview(snapshot);
  renderControls(snapshot);
  renderCharts(snapshot);
  renderPlacement(snapshot);
  renderDevices(snapshot);
  renderEvents(snapshot);
  renderKeptVersions(snapshot);
  renderSettings(snapshot);
  renderLiveSettings(snapshot);
}

function connect(): void {
  showView('connecting');
  let entered = false;
  leave?.();
  leave = follow({
    snapshot(snapshot) {
      entered = true;
      setNotice(byId('problem'), null);
      show(snapshot);
    },
    unreadable(problem) {
      setNotice(
        byId('problem'),
        `The server sent a snapshot that this page cannot read (${problem}). Reload the page; what is shown is old.`,
      );
    },
    connected() {
      setNotice(byId('banner'), null);
    },
    lost(why) {
      const old = entered ? 'The connection to the server is lost; the figures below are old. ' : '';
      setNotice(byId('banner'), `${old}${why ?? 'The server cannot be reached. Trying again…'}`);
    },
    denied() {
      showLogin(entered ? 'The server has started anew and printed a new admin address.' : null);
    },
  });
}

/** Trades the token for the cookie, then connects; with no token an earlier cookie may do. */
async function enter(token: string): Promise<void> {
  if (token) {
    const answer = await openSession(token);
    if (answer.kind !== 'done') {
      showLogin(answer.kind === 'denied' ? 'This is not the admin token of this server.' : answer.reason);
      return;
    }
  }
  connect();
}

const field = byId('token');
if (!(field instanceof HTMLInputElement)) throw new Error('#token is not an input.');

byId('login-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = findToken(field.value);
  if (!token) {
    setNotice(byId('login-error'), 'There is no token in this. It follows “#token=” in the admin address.');
    return;
  }
  const button = buttonById('login-button');
  button.disabled = true;
  void enter(token).finally(() => {
    button.disabled = false;
    field.value = '';
  });
});

// The admin address opened in a tab that has the console already changes the fragment alone.
addEventListener('hashchange', () => {
  const token = takeToken();
  if (token && byId('console').hidden) void enter(token);
});

wireCharts();
wireEvents();
wireControls({ changed: show, denied: showLogin });
wireKeptVersions({ changed: show, denied: showLogin });
wireDeviceActions({ changed: show, denied: showLogin });
wireLiveSettings({ changed: show, denied: showLogin });
void enter(takeToken());
