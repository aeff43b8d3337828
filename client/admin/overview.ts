import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { byId, setFigure, setText } from '../page/dom.ts';
import {
  NONE,
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatPercent,
  formatRate,
} from '../page/format.ts';
import { describeStop, RUN_STATES, type RunState } from '../../shared/protocol/runState.ts';

const STATE_WORDS: Record<RunState, string> = { running: 'Running', paused: 'Paused', stopped: 'Stopped' };

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time of the server's in the reader's own zone; as it came where it is no time. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : clock.format(time);
}

function renderCheckpointFailure({ checkpointFailure: failure }: AdminSnapshot): void {
  const line = byId('checkpoint-failure');
  setText(
    line,
    failure === null ? '' : `The save of ${formatTime(failure.failedAt)} failed: ${failure.reason}`,
  );
  line.hidden = failure === null;
}

/** What audits found that is not right, and what they took. */
function describeAudits({ audits }: AdminSnapshot): string {
  if (audits === null) return 'No work is audited';
  const { wrong, unclear, share } = audits;
  return `${formatCount(wrong)} wrong, ${formatCount(unclear)} unclear; ${formatPercent(share)} of a core`;
}

/** The head of the page and its figures. */
export function renderOverview(snapshot: AdminSnapshot): void {
  const { status, settings } = snapshot;
  setText(byId('model'), status.model);
  setText(byId('mode'), typeof settings.mode === 'string' ? `${settings.mode} · ` : '');
  setText(byId('run'), snapshot.run);

  const state = byId('state');
  setText(state, STATE_WORDS[status.state]);
  state.dataset.state = status.state;
  setText(
    byId('stop-reason'),
    RUN_STATES[status.state].isOver ? `The run ${describeStop(status.stop)}.` : '',
  );
  document.title = `${STATE_WORDS[status.state]}: ${status.model} · Tabswarm console`;

  const loss = snapshot.measurements.at(-1)?.testLoss ?? null;
  setFigure(byId('accuracy'), formatPercent(status.testAccuracy), status.testAccuracy);
  setText(
    byId('measured'),
    status.testAccuracy === null
      ? 'Not measured yet'
      : `Measured by the server on all ${formatCount(status.testImages)} test images`,
  );
  setFigure(byId('loss'), formatLoss(loss), loss);
  setFigure(byId('version'), formatCount(status.version), status.version);
  setFigure(byId('commits'), formatCount(status.updates), status.updates);
  setFigure(byId('commit-rate'), formatRate(snapshot.commitsPerSecond), snapshot.commitsPerSecond);
  setFigure(byId('samples'), formatCount(status.samples), status.samples);
  setFigure(byId('rate'), formatRate(snapshot.samplesPerSecond), snapshot.samplesPerSecond);
  setFigure(byId('elapsed'), formatDuration(snapshot.seconds), snapshot.seconds);
  setFigure(byId('bytes-up'), formatBytes(snapshot.bytesUp), snapshot.bytesUp);
  setFigure(byId('bytes-down'), formatBytes(snapshot.bytesDown), snapshot.bytesDown);

  const { audits } = snapshot;
  setFigure(byId('audits'), audits === null ? NONE : formatCount(audits.right), audits?.right ?? null);
  setText(byId('audits-other'), describeAudits(snapshot));

  const { checkpoint } = snapshot;
  const version = checkpoint?.version ?? null;
  setFigure(byId('checkpoint'), version === null ? NONE : formatCount(version), version);
  setText(byId('checkpoint-time'), checkpoint ? formatTime(checkpoint.savedAt) : 'None yet');
  renderCheckpointFailure(snapshot);
}
