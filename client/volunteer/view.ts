import { buttonById, byId, selectById, setFigure, setNotice, setText } from '../page/dom.ts';
import { NONE, formatCount, formatPercent, formatRate } from '../page/format.ts';
import { describeEngine } from '../page/words.ts';
import {
  isJoined,
  describeRun,
  samplesByAll,
  describeState,
  totals,
  type Contribution,
  type PageState,
} from './contribution.ts';

/** Draws what there is to show. It reads nothing but its argument and keeps nothing. */
export function render(shown: Contribution): void {
  renderToggle(shown);
  renderState(shown);
  renderEngine(shown);
  renderDevice(shown);
  renderModel(shown);
}

interface Look {
  /** On the button. */
  button: string;
  /** There is something to stop. */
  isBusy: boolean;
  /** The button cannot be pressed. */
  isLocked: boolean;
  /** The message says why it cannot go on. */
  isFailure: boolean;
  /** The button was pressed once. */
  isBegun: boolean;
}

const AT_REST: Look = {
  button: 'Start contributing',
  isBusy: false,
  isLocked: false,
  isFailure: false,
  isBegun: true,
};
const AT_WORK: Look = { ...AT_REST, button: 'Stop', isBusy: true };

/** How the page looks in each state. */
const LOOKS: Record<PageState, Look> = {
  ready: { ...AT_REST, isBegun: false },
  loading: AT_WORK,
  connecting: AT_WORK,
  waiting: AT_WORK,
  training: AT_WORK,
  stopping: { ...AT_WORK, button: 'Stopping…', isLocked: true },
  stopped: AT_REST,
  failed: { ...AT_REST, button: 'Try again', isFailure: true },
};

function renderToggle(shown: Contribution): void {
  const toggle = buttonById('toggle');
  const { button, isBusy, isLocked } = LOOKS[shown.state];
  toggle.disabled = isLocked;
  selectById('workers').disabled = isBusy;
  toggle.classList.toggle('running', isBusy);
  setText(toggle, button);
}

function renderState(shown: Contribution): void {
  const { state, message } = shown;
  const words = byId('state');
  setText(words, describeState(shown));
  words.dataset.state = state;
  byId('dot').className = `dot ${isJoined(shown) ? 'on' : ''} ${state}`;
  const { isFailure, isBegun } = LOOKS[state];
  setNotice(byId('failure'), isFailure ? (message ?? 'Something went wrong.') : null);
  setNotice(byId('message'), isFailure ? null : message);
  if (isBegun) {
    byId('live').hidden = false;
    byId('page').classList.add('started');
  }
}

function renderEngine({ engine, workers }: Contribution): void {
  if (engine === null) return;
  const software = engine.software ? ' (in software, on the processor)' : '';
  byId('engine').dataset.value = engine.name;
  setText(byId('engine-name'), `${describeEngine(engine.name)}${software}`);
  const beside = workers === 1 ? '' : `${workers} workers beside each other`;
  setText(byId('engine-detail'), [engine.detail, beside].filter((part) => part !== '').join(', '));
  byId('engine').dataset.workers = String(workers);
  setNotice(byId('engine-note'), engine.note);
}

function renderDevice(shown: Contribution): void {
  const { applied, samples, lost } = totals(shown);
  setFigure(byId('rate'), formatRate(shown.samplesPerSecond), shown.samplesPerSecond);
  setFigure(byId('applied'), formatCount(applied), applied);
  setFigure(byId('samples'), formatCount(samples), samples);
  setFigure(byId('lost'), formatCount(lost), lost);
  byId('lost-box').hidden = lost === 0;
  const earlier = formatCount(shown.earlier.samples);
  setNotice(
    byId('earlier'),
    shown.earlier.samples === 0
      ? null
      : `${earlier} of these samples were trained before the server began anew.`,
  );
}

function renderModel(shown: Contribution): void {
  const { status, heard } = shown;
  const accuracy = status?.testAccuracy ?? null;
  setFigure(byId('accuracy'), formatPercent(accuracy, 1), accuracy);
  const devices = status !== null && heard ? status.devices : null;
  setFigure(byId('devices'), devices === null ? NONE : formatCount(devices), devices);
  const samples = samplesByAll(shown);
  setFigure(byId('all-samples'), samples === null ? NONE : formatCount(samples), samples);
  setText(
    byId('measured'),
    status && accuracy !== null
      ? `Measured by the server on all ${formatCount(status.testImages)} test images`
      : 'Not measured yet',
  );
  setText(byId('run'), describeRun(shown));

  const arc = byId('arc');
  arc.classList.toggle('shown', accuracy !== null && accuracy > 0);
  // 200 exceeds the path's length of 100, so that the pattern never repeats.
  arc.style.strokeDasharray = `${100 * (accuracy ?? 0)} 200`;
}
