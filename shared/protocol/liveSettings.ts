import * as z from 'zod/mini';

interface LiveSettingTraits {
  /** What people read at its field in the console. */
  label: string;
  /** Only a run of local steps has it. */
  ofLocalSteps: boolean;
}

const LIVE = {
  target: { label: 'Target accuracy', ofLocalSteps: false },
  maxCommits: { label: 'Commits at most', ofLocalSteps: false },
  maxSeconds: { label: 'Seconds at most', ofLocalSteps: false },
  evaluateEvery: { label: 'Commits between measurements', ofLocalSteps: false },
  optimizer: { label: 'Optimizer', ofLocalSteps: false },
  lr: { label: 'Learning rate', ofLocalSteps: false },
  momentum: { label: 'Momentum', ofLocalSteps: false },
  localLr: { label: 'Learning rate of local steps', ofLocalSteps: true },
  localMomentum: { label: 'Momentum of local steps', ofLocalSteps: true },
  localDecay: { label: 'Decay of the local rate', ofLocalSteps: true },
} as const satisfies Record<string, LiveSettingTraits>;

export type LiveSettingName = keyof typeof LIVE;

/** The settings of a run that may be changed while it goes on, by their names in its snapshot [CF7]. */
export const LIVE_SETTINGS: Readonly<Record<LiveSettingName, LiveSettingTraits>> = LIVE;
export const LIVE_SETTING_NAMES = Object.keys(LIVE) as LiveSettingName[];

/** Settings by name and their new values, as the snapshot of a run has them or as flags have them; null is `none`. */
export const settingChanges = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
export type SettingChanges = z.infer<typeof settingChanges>;

/** POST /api/v1/runs/:id/configure. */
export const configureRequest = z.strictObject({ changes: settingChanges });
export type ConfigureRequest = z.infer<typeof configureRequest>;
