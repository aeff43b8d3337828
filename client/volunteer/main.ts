import '../page/noEval.ts';
import { MAX_WORKERS, type Conditions } from '../../shared/profile/profile.ts';
import { buttonById, byId, element, selectById, setNotice } from '../page/dom.ts';
import { defaultWorkers, readJoin, readPreferences } from './address.ts';
import { describeDevice, followConditions } from './description.ts';
import { begin, initially, isActive, receive, stopping, type Contribution } from './contribution.ts';
import { loadCredentials, saveCredentials } from './credentials.ts';
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

const session = new WorkerSession((told) => {
  if (told.type === 'credentials') {
    saveCredentials(told.credentials);
    return;
  }
  const message = told.type === 'state' ? reload.hear(told) : told;
  if (message === null) return;
  dispatchEvent(new CustomEvent(NEWS_EVENT, { detail: message }));
  // They may be the reason: a server that started anew knows none of its old devices. The next try joins anew.
  if (message.type === 'state' && message.state === 'failed') saveCredentials(null);
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
    server: new URL('.', location.href).href,
    engine: preferences.engine,
    join: readJoin(location.hash),
    resume: loadCredentials(),
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

show(shown);
if (reload.takeUp()) start();
