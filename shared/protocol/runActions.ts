import * as z from 'zod/mini';
import { configureRequest } from './liveSettings.ts';
import type { RunStatus } from './messages.ts';

type RunState = RunStatus['state'];

/** What is asked before an action is done. */
export interface Confirmation {
  question: string;
  /** What comes of it. */
  consequence: string;
  /** The two buttons. */
  yes: string;
  no: string;
}

/** POST /api/v1/runs/:id/rollback. */
const rollbackRequest = z.strictObject({ version: z.int().check(z.minimum(0)) });

/** Something that an operator may ask of a run. */
interface RunActionTraits {
  /** On its button. */
  label: string;
  /** What it does and when it is answered, as documents and the button's title say it. */
  help: string;
  /** The states of the run in which it is possible [AD13]. */
  possible: readonly RunState[];
  look: 'primary' | 'plain' | 'danger';
  confirm: Confirmation | null;
  /** What it has to be asked with, which the console has a form for; null: nothing, and it has a button. */
  body: z.ZodMiniType | null;
}

const ACTIONS = {
  start: {
    label: 'Start',
    help: 'Starts the run, or continues it after a pause or a stop.',
    possible: ['paused', 'stopped'],
    look: 'primary',
    confirm: null,
    body: null,
  },
  pause: {
    label: 'Pause',
    help: 'Grants no more work; updates of work already granted still count.',
    possible: ['running'],
    look: 'plain',
    confirm: null,
    body: null,
  },
  stop: {
    label: 'Stop',
    help: 'Ends the run; answered when the last version is measured and saved.',
    possible: ['running', 'paused'],
    look: 'danger',
    confirm: {
      question: 'Stop the run?',
      consequence:
        'No more work is handed out, and work that devices have begun is dropped. You can start it again later.',
      yes: 'Stop the run',
      no: 'Keep going',
    },
    body: null,
  },
  save: {
    label: 'Save',
    help: 'Saves the model as it is now; answered when its checkpoint is on the disk.',
    possible: ['running', 'paused', 'stopped'],
    look: 'plain',
    confirm: null,
    body: null,
  },
  configure: {
    label: 'Change',
    help: 'Changes settings while the run goes on; answered when they are in force, and saved where checkpoints are kept.',
    possible: ['running', 'paused', 'stopped'],
    look: 'plain',
    confirm: null,
    body: configureRequest,
  },
  rollback: {
    label: 'Roll back',
    help: 'Brings back the state of a kept version as the next one; answered when that is done, and saved where checkpoints are kept.',
    possible: ['running', 'paused'],
    look: 'danger',
    confirm: {
      question: 'Roll the run back?',
      consequence:
        'Training goes on from the version that you chose. What was trained after it is undone, and work that devices have begun is dropped.',
      yes: 'Roll back',
      no: 'Keep going',
    },
    body: rollbackRequest,
  },
} as const satisfies Record<string, RunActionTraits>;

export type RunAction = keyof typeof ACTIONS;

/** POST /api/v1/runs/:id/<action>, and a button of the console. */
export const RUN_ACTIONS: Readonly<Record<RunAction, RunActionTraits>> = ACTIONS;
export const RUN_ACTION_NAMES = Object.keys(ACTIONS) as RunAction[];
/** What an action is asked with. */
export type RunActionBody<Action extends RunAction> = (typeof ACTIONS)[Action]['body'] extends z.ZodMiniType
  ? z.infer<(typeof ACTIONS)[Action]['body']>
  : null;

/** Actions that are asked with nothing else. */
export const PLAIN_ACTION_NAMES = RUN_ACTION_NAMES.filter((action) => RUN_ACTIONS[action].body === null);
export const runAction = z.enum(RUN_ACTION_NAMES);

/** What may be asked of a run in this state. */
export const possibleActions = (state: RunState): RunAction[] =>
  RUN_ACTION_NAMES.filter((action) => RUN_ACTIONS[action].possible.includes(state));
