import '../page/noEval.ts';
import { MAX_WORKERS, type Conditions } from '../../shared/profile/profile.ts';
import { buttonById, byId, element, selectById, setNotice } from '../page/dom.ts';
import { defaultWorkers, readJoin, readPreferences } from './address.ts';
import { describeDevice, followConditions } from './description.ts';
import {
  begin,
  continuing,
  figuresOf,
  initially,
  isActive,
  receive,
  stopping,
  type Contribution,
} from './contribution.ts';
import { Identities } from './identities.ts';
import { openTabChannel, RollCall } from './rollCall.ts';
import { TabIdentity } from './tabIdentity.ts';
import { VersionReload } from './reload.ts';
import { NEWS_EVENT } from '../../shared/protocol/newsEvent.ts';
import { WorkerSession } from './session.ts';
import { render } from './view.ts';

const preferences = readPreferences(location.search);
setNotice(byId('address-notice'), preferences.notice);
setNotice(
  byId('insecure-notice'),
  isSecureContext
    ? null
    : 'WebGPU, the fastest way to train, is switched off here because this page did not come over https. If the server has an https address, open that one.',
);

const cores = navigator.hardwareConcurrency;
const choice = selectById('workers');
const wishedWorkers = preferences.workers ?? defaultWorkers(cores);
for (let count = 1; count <= Math.max(wishedWorkers, Math.min(cores, MAX_WORKERS)); count++) {
  const option = element('option', '', `${count} of ${cores}`);
  option.value = String(count);
  choice.append(option);
}
choice.value = String(wishedWorkers);

let shown = initially;
function show(next: Contribution): void {
  shown = next;
  render(shown);
}

const reload = new VersionReload();

const base = new URL('.', location.href);
const identity = new TabIdentity(
  new Identities(base.pathname),
  new RollCall(openTabChannel(base.pathname), nameOfTab(), later),
);

/** A name that no other tab has. `crypto.randomUUID` is missing over plain http. */
function nameOfTab(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Becomes a device, whose figures are shown from now on. */
async function takeIdentity(): Promise<void> {
  const taken = await identity.take();
  show(continuing(shown, taken?.figures ?? null));
}

/** Another tab took the device that this one was. */
async function goOnAsAnother(): Promise<void> {
  await takeIdentity();
  if (isActive(shown)) start();
  else show(receive(shown, { type: 'state', state: 'stopped', message: null }));
}

const session = new WorkerSession((told) => {
  if (told.type === 'credentials') {
    identity.given(told.credentials, figuresOf(shown));
    return;
  }
  if (told.type === 'state' && told.outcome === 'REPLACED') {
    void goOnAsAnother();
    return;
  }
  const message = told.type === 'state' ? reload.hear(told) : told;
  if (message === null) return;
  dispatchEvent(new CustomEvent(NEWS_EVENT, { detail: message }));
  show(receive(shown, message));
});

/** As far as the browser tells. */
let conditions: Partial<Conditions> = {};
followConditions((news) => {
  conditions = { ...conditions, ...news };
  session.tell(news);
});

function start(): void {
  show(begin(shown));
  session.start({
    server: base.href,
    engine: preferences.engine,
    join: readJoin(location.hash),
    resume: identity.resume,
    description: describeDevice(preferences.labels),
    conditions,
    workers: Number(choice.value),
    transport: preferences.transport,
  });
}

buttonById('toggle').addEventListener('click', () => {
  if (!isActive(shown)) {
    start();
    return;
  }
  show(stopping(shown));
  session.stop();
});

const keepFigures = () => identity.keep(figuresOf(shown));
addEventListener('pagehide', keepFigures);
// A phone may end a hidden page without another word.
document.addEventListener('visibilitychange', keepFigures);

await takeIdentity();
if (reload.takeUp()) start();
