import { KEYS, type Key } from './flags.ts';

/** What settings are about, in the order in which `--help` shows them. */
export const SUBJECTS = {
  joining: 'Joining and steering:',
  devices: 'Tabs and workers:',
  model: 'Model and training:',
  placement: 'Sharing out the work:',
  end: 'Measuring, and the end of the run:',
  storage: 'Keeping and going on:',
  network: 'Network and access:',
  output: 'Output:',
} as const;
type Subject = keyof typeof SUBJECTS;

const SUBJECT_OF: Record<Key, Subject> = {
  model: 'model',
  dataset: 'model',
  mode: 'model',
  shards: 'network',
  tabs: 'devices',
  nodeWorkers: 'devices',
  engine: 'devices',
  tabWorkers: 'devices',
  workers: 'devices',
  label: 'devices',
  batch: 'model',
  lr: 'model',
  optimizer: 'model',
  momentum: 'model',
  localSteps: 'model',
  localLr: 'model',
  localMomentum: 'model',
  localDecay: 'model',
  average: 'model',
  aggregation: 'model',
  trim: 'model',
  clipNorm: 'model',
  staleness: 'model',
  maxStaleness: 'model',
  placement: 'placement',
  requires: 'placement',
  prefers: 'placement',
  linkMbit: 'placement',
  roundSize: 'placement',
  leaseSeconds: 'placement',
  target: 'end',
  maxCommits: 'end',
  maxSeconds: 'end',
  evaluateEvery: 'end',
  checkpointSeconds: 'storage',
  seed: 'model',
  repeatable: 'model',
  port: 'network',
  host: 'network',
  https: 'network',
  transport: 'network',
  codec: 'network',
  iceServers: 'network',
  dataDir: 'storage',
  resume: 'storage',
  join: 'joining',
  shardSecret: 'network',
  url: 'joining',
  action: 'joining',
  chromium: 'devices',
  json: 'output',
};

/** The heading under which `--help` has a setting. */
export const headingOf = (key: Key): string => SUBJECTS[SUBJECT_OF[key]];

/** All settings, those of one subject together. */
export const BY_SUBJECT: readonly Key[] = Object.keys(SUBJECTS).flatMap((subject) =>
  KEYS.filter((key) => SUBJECT_OF[key] === subject),
);
