import type { AdminSnapshot, DeviceTraffic } from '../../shared/protocol/admin.ts';
import { describeStop, type StopReason } from '../../shared/protocol/runState.ts';
import type { Mode } from '../core/policy/modes.ts';
import { shardCount, type Config } from '../config/config.ts';
import { COMMANDS } from '../config/commands.ts';
import { counted, grouped } from '../../shared/text/counted.ts';
import { elapsed, percent } from './progress.ts';

/** What one device's tensors travelled by, in bytes. */
interface DeviceTransport extends DeviceTraffic {
  device: string;
}

/** What a run came to; the keys are in the order in which the JSON line has them. */
export interface Summary {
  model: string;
  mode: Mode;
  shards: number;
  /** Steps that a worker takes a unit; 1 is one gradient. */
  localSteps: number;
  /** Tabs that a demo opened; for a server, the devices that joined. */
  tabs: number;
  /** Workers without a browser that a demo started. */
  nodeWorkers: number;
  /** The engines that the devices trained with, each once. */
  engines: string[];
  /** The version that the model is at. */
  version: number;
  /** How often updates of devices became part of the model. */
  commits: number;
  /** Images that the commits were computed on. */
  samples: number;
  seconds: number;
  /** On all test images, 0 to 1; null where nothing was measured. */
  testAccuracy: number | null;
  testImages: number;
  trainImages: number;
  /** Of the parameters that the run ended with; null where a shard was lost. */
  modelHash: string | null;
  bytesUp: number;
  bytesDown: number;
  /** What each device's tensors travelled by; the last of it first. */
  transports: DeviceTransport[];
  /** What audits of updates came to; null where there were none. */
  audits: AdminSnapshot['audits'];
  stop: StopReason | null;
  /** Whether a checkpoint has the last version; null where there was nothing to keep. */
  saved: boolean | null;
  /** The version of the newest checkpoint; null where there is none, or it went with its folder. */
  checkpoint: number | null;
  /** Why the last save failed; null where it did not. */
  saveFailure: string | null;
}

/** What became of a run; `trainImages` is the size of the training set. */
export function summaryOf(
  snapshot: AdminSnapshot,
  config: Config,
  trainImages: number,
  modelHash: string | null,
): Summary {
  const { status, checkpoint, checkpointFailure } = snapshot;
  const { startsWorkers } = COMMANDS[config.command];
  // A demo's own folder is removed at the end.
  const kept = config.dataDir !== null;
  return {
    model: status.model,
    mode: config.mode,
    shards: shardCount(config),
    localSteps: config.localSteps,
    tabs: startsWorkers ? config.tabs : snapshot.devices.length,
    nodeWorkers: startsWorkers ? config.nodeWorkers : 0,
    engines: enginesOf(snapshot),
    version: status.version,
    commits: status.updates,
    samples: status.samples,
    seconds: Math.round(snapshot.seconds * 1000) / 1000,
    testAccuracy: status.testAccuracy,
    testImages: status.testImages,
    trainImages,
    modelHash,
    bytesUp: snapshot.bytesUp,
    bytesDown: snapshot.bytesDown,
    transports: snapshot.devices.map(({ device, traffic }) => ({ device, ...traffic })),
    audits: snapshot.audits,
    stop: status.stop,
    saved: kept && status.version > 0 ? checkpoint?.version === status.version : null,
    checkpoint: kept ? (checkpoint?.version ?? null) : null,
    saveFailure: kept ? (checkpointFailure?.reason ?? null) : null,
  };
}

function enginesOf({ devices }: AdminSnapshot): string[] {
  const trained = devices.filter(({ applied }) => applied > 0);
  // Where no update was applied, it is still worth knowing what tried.
  const rows = trained.length > 0 ? trained : devices;
  return [...new Set(rows.flatMap(({ profile }) => profile.engine?.name ?? []))];
}

/** The line that `--json` ends with. */
export function summaryJson(summary: Summary): string {
  return JSON.stringify(summary);
}

/** The same as a few lines for a person. */
export function summaryText(summary: Summary): string {
  const { shards, tabs, nodeWorkers, engines, stop, testAccuracy } = summary;
  const accuracy = testAccuracy === null ? 'not measured' : percent(testAccuracy);
  return [
    `${summary.model}: ${accuracy} on ${counted(summary.testImages, 'test image')} (${stop === null ? 'still running' : describeStop(stop)})`,
    `  ${counted(summary.commits, 'commit')}, ${counted(summary.samples, 'sample')} of ${counted(summary.trainImages, 'training image')} in ${elapsed(summary.seconds)}`,
    `  ${summary.mode}, ${counted(shards, 'shard')}, ${counted(tabs + nodeWorkers, 'device')}${engines.length > 0 ? ` on ${engines.join(', ')}` : ''}`,
    ...(summary.modelHash === null ? [] : [`  model ${summary.modelHash}`]),
    `  ${megabytes(summary.bytesUp)} up, ${megabytes(summary.bytesDown)} down`,
    ...describeAudits(summary),
    ...describeSaved(summary),
  ].join('\n');
}

function describeAudits({ audits }: Summary): string[] {
  if (audits === null) return [];
  const { right, wrong, unclear, seconds } = audits;
  const found = `${grouped(right)} right, ${grouped(wrong)} wrong, ${grouped(unclear)} unclear`;
  return [`  audits: ${found}, in ${seconds.toFixed(1)} s`];
}

function describeSaved({ saved, version, checkpoint, saveFailure }: Summary): string[] {
  if (saved === null) return [];
  if (saved) return [`  saved as version ${grouped(version)}`];
  const reason = saveFailure === null ? '' : `: ${saveFailure}`;
  const newest =
    checkpoint === null
      ? 'there is no checkpoint'
      : `the newest checkpoint is version ${grouped(checkpoint)}`;
  return [`  version ${grouped(version)} is NOT saved${reason}`, `  ${newest}`];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
