import { TRANSPORT_PREFERENCE_NAMES, type TransportPreference } from '../../shared/transport/preference.ts';
import {
  deviceLabels,
  ENGINES,
  MAX_LABELS,
  MAX_WORKERS,
  type DeviceLabels,
  type EngineName,
} from '../../shared/profile/profile.ts';

export interface UrlPreferences {
  engine: EngineName | 'auto';
  /** Workers at most; null where the address does not say. */
  workers: number | null;
  transport: TransportPreference;
  labels: DeviceLabels;
  /** What the address asks for and cannot have; null where all is well. */
  notice: string | null;
}

const isEngine = (name: string): name is EngineName => ENGINES.some((engine) => engine === name);

/** Reads `?engine=`, `?workers=`, `?transport=` and each `?label=`. What cannot be had is reported, never silently replaced. */
export function readPreferences(search: string): UrlPreferences {
  const query = new URLSearchParams(search);
  const engine = readEngine(query.get('engine'));
  const workers = readWorkers(query.get('workers'));
  const transport = readTransport(query.get('transport'));
  const labels = readLabels(query.getAll('label'));
  const notices = [engine.notice, workers.notice, transport.notice, labels.notice].filter(
    (notice) => notice !== null,
  );
  return {
    engine: engine.preference,
    workers: workers.preference,
    transport: transport.preference,
    labels: labels.preference,
    notice: notices.length === 0 ? null : notices.join(' '),
  };
}

function readEngine(asked: string | null): { preference: UrlPreferences['engine']; notice: string | null } {
  if (asked === null || asked === 'auto') return { preference: 'auto', notice: null };
  if (isEngine(asked)) return { preference: asked, notice: null };
  const known = ENGINES.join(', ');
  const notice = `The address asks for the engine “${shortened(asked)}”, which does not exist (there are: ${known}). This page chooses one itself.`;
  return { preference: 'auto', notice };
}

function readWorkers(asked: string | null): { preference: number | null; notice: string | null } {
  if (asked === null) return { preference: null, notice: null };
  const preference = Number(asked);
  if (/^\d+$/.test(asked) && preference >= 1 && preference <= MAX_WORKERS)
    return { preference, notice: null };
  const notice = `The address asks for “${shortened(asked)}” workers, which is no number from 1 to ${MAX_WORKERS}. This page chooses one itself.`;
  return { preference: null, notice };
}

function readTransport(asked: string | null): { preference: TransportPreference; notice: string | null } {
  if (asked === null) return { preference: 'auto', notice: null };
  const preference = TRANSPORT_PREFERENCE_NAMES.find((each) => each === asked);
  if (preference !== undefined) return { preference, notice: null };
  const notice = `The address asks for the transport “${shortened(asked)}”, which does not exist (there are: ${TRANSPORT_PREFERENCE_NAMES.join(', ')}). This page chooses one itself.`;
  return { preference: 'auto', notice };
}

/** Each is `name:value`. */
function readLabels(asked: string[]): { preference: DeviceLabels; notice: string | null } {
  const entries = asked.map((text): [string, string] => {
    const colon = text.indexOf(':');
    return [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  });
  const labels = deviceLabels.safeParse(Object.fromEntries(entries));
  if (labels.success) return { preference: labels.data, notice: null };
  const bad = entries.findIndex(([name, value]) => !deviceLabels.safeParse({ [name]: value }).success);
  const notice =
    bad < 0
      ? `The address gives this device more than ${MAX_LABELS} labels. It goes without.`
      : `The address asks for the label “${shortened(asked[bad] ?? '')}”, which is not of the form name:value. This device goes without labels.`;
  return { preference: {}, notice };
}

const shortened = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** What a device gives by default: all cores but one, which is left to its user. */
export function defaultWorkers(cores: number): number {
  return Math.max(1, Math.min(MAX_WORKERS, cores) - 1);
}

/** The credential to join, from the fragment `#join=...`; a fragment is never sent to a server. */
export function readJoin(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('join') ?? '';
}
