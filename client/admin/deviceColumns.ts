import { VERDICTS, type EngineTrial } from '../../shared/profile/profile.ts';
import { TRANSPORT_NAMES, type DeviceRow, type TransportName } from '../../shared/protocol/admin.ts';
import { TRUST_STATES } from '../../shared/protocol/trust.ts';
import { NONE, formatBytes, formatCount, formatRate } from '../page/format.ts';
import { describeEngine } from '../page/words.ts';
import { describeEvidence } from './trustWords.ts';
import { describeAllocation, describeUnit } from './placementWords.ts';
import { describeConnection, describeEngineFigure, describeProfile } from './profileWords.ts';

type State = DeviceRow['state'];

/** What each state means, shown on hover; listed in the order in which the table has them. */
export const STATES: Record<State, { rank: number; means: string }> = {
  working: { rank: 0, means: 'Has a work unit' },
  waiting: { rank: 0, means: 'Has submitted an update that is not decided yet' },
  idle: { rank: 0, means: 'Ready, without a work unit' },
  silent: { rank: 1, means: 'Let a lease expire' },
  faulty: { rank: 2, means: 'Set aside because of bad updates' },
  left: { rank: 3, means: 'Its person stopped' },
  gone: { rank: 4, means: 'Its connection ended' },
};

/** Those that take part first. Within a rank the server's order holds, so that working rows do not dance. */
export const sortDevices = (devices: readonly DeviceRow[]): DeviceRow[] =>
  devices.toSorted((a, b) => STATES[a.state].rank - STATES[b.state].rank);

/** For instance `2 taking part, 1 not`. */
export function summarise(devices: readonly DeviceRow[]): string {
  const present = devices.filter(({ state }) => STATES[state].rank === 0).length;
  const absent = devices.length - present;
  return `${formatCount(present)} taking part${absent > 0 ? `, ${formatCount(absent)} not` : ''}`;
}

export interface Column {
  key: string;
  label: string;
  number: boolean;
  text: (row: DeviceRow) => string;
  /** A second, quieter line. */
  detail?: (row: DeviceRow) => string;
  /** What is not as it should be; empty where all is well. */
  warning?: (row: DeviceRow) => string;
  /** A short mark beside the text; empty for none. */
  chip?: (row: DeviceRow) => string;
  /** What hovering shows. */
  title?: (row: DeviceRow) => string;
}

/** What was wrong with an engine that a device does not use; empty where nothing was. */
function trialWords({ name, verdict, reason }: EngineTrial): string {
  const { isGood, means } = VERDICTS[verdict];
  return isGood ? '' : `${describeEngine(name)} ${means}${reason === null ? '' : `: ${reason}`}`;
}

const TRANSPORT_WORDS: Record<TransportName, string> = { socketio: 'socket', webrtc: 'data channel' };

export const COLUMNS: readonly Column[] = [
  {
    key: 'device',
    label: 'Device',
    number: false,
    text: ({ device }) => device.slice(0, 6),
    title: ({ device }) => device,
  },
  {
    key: 'engine',
    label: 'Engine',
    number: false,
    text: ({ profile }) => (profile.engine ? describeEngine(profile.engine.name) : NONE),
    chip: ({ profile }) => (profile.engine?.software ? 'software' : ''),
    detail: ({ profile }) => (profile.engine ? profile.engine.detail : 'not loaded yet'),
    warning: ({ profile }) =>
      profile.trials
        .map(trialWords)
        .filter((words) => words !== '')
        .join('; '),
  },
  {
    key: 'agent',
    label: 'Browser',
    number: false,
    text: ({ profile }) => profile.agent,
    detail: ({ profile }) => describeProfile(profile),
    title: ({ figures }) => describeConnection(figures),
  },
  {
    key: 'state',
    label: 'State',
    number: false,
    text: ({ state }) => state,
    title: ({ state }) => STATES[state].means,
  },
  {
    key: 'trust',
    label: 'Trust',
    number: false,
    text: ({ trust }) => TRUST_STATES[trust.state].label,
    detail: ({ trust }) => describeEvidence(trust),
    title: ({ trust }) => TRUST_STATES[trust.state].means,
  },
  {
    key: 'allocation',
    label: 'Unit',
    number: false,
    text: ({ allocation }) => (allocation === null ? NONE : describeUnit(allocation)),
    detail: ({ allocation }) => (allocation === null ? '' : describeAllocation(allocation)),
    title: ({ allocation }) =>
      allocation === null ? '' : `Data shards ${allocation.dataShards.join(', ') || 'one after another'}`,
  },
  {
    key: 'rate',
    label: 'Samples/s at work',
    number: true,
    text: ({ figures: { samplesPerSecond } }) =>
      samplesPerSecond.value === null ? NONE : formatRate(samplesPerSecond.value),
    title: ({ figures }) =>
      [
        'Of all its workers while they have work, from lease to update; waiting is left out',
        ...(figures.engines.length === 0 ? [] : [`A worker: ${describeEngineFigure(figures)}`]),
      ].join('. '),
  },
  {
    key: 'staleness',
    label: 'Staleness',
    number: true,
    text: ({ staleness }) => (staleness === null ? NONE : formatCount(staleness)),
    title: () => 'Versions that the model had moved on when the last update came',
  },
  {
    key: 'traffic',
    label: 'Travels by',
    number: false,
    text: ({ traffic }) => (traffic.newest === null ? NONE : TRANSPORT_WORDS[traffic.newest]),
    detail: ({ traffic: { socketio, webrtc } }) =>
      `${formatBytes(socketio.bytesUp + webrtc.bytesUp)} up, ${formatBytes(socketio.bytesDown + webrtc.bytesDown)} down`,
    title: ({ traffic }) =>
      TRANSPORT_NAMES.map((name) => {
        const { bytesUp, bytesDown } = traffic[name];
        return `${TRANSPORT_WORDS[name]}: ${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down`;
      }).join('; '),
  },
  { key: 'applied', label: 'Applied', number: true, text: ({ applied }) => formatCount(applied) },
  { key: 'samples', label: 'Samples', number: true, text: ({ samples }) => formatCount(samples) },
  {
    key: 'lost',
    label: 'Lost',
    number: true,
    text: ({ lost }) => formatCount(lost),
    title: () => 'Updates and leases that came to nothing: refused, expired or released',
  },
];
