import type { Confirmation } from './runActions.ts';
import type { TrustState } from './trust.ts';

/** Something that an operator may have done with a device. */
interface DeviceActionTraits {
  /** On its button. */
  label: string;
  /** What it does and when it is answered, as documents and the button's title say it. */
  help: string;
  /** The states of trust in which it is possible. */
  possible: readonly TrustState[];
  look: 'plain' | 'danger';
  confirm: Confirmation | null;
}

const ACTIONS = {
  bar: {
    label: 'Bar',
    help: 'Ends the work of the device, closes its connection and keeps its id from joining, also after a restart.',
    possible: ['new', 'trusted', 'suspected'],
    look: 'danger',
    confirm: {
      question: 'Bar this device?',
      consequence:
        'Its work is dropped and it may not join again under its id until you pardon it. Its owner can still come as a new device.',
      yes: 'Bar the device',
      no: 'Leave it',
    },
  },
  pardon: {
    label: 'Pardon',
    help: 'Drops what is held against the device: it begins again as it once did, and may join.',
    possible: ['suspected', 'barred'],
    look: 'plain',
    confirm: null,
  },
} as const satisfies Record<string, DeviceActionTraits>;

export type DeviceAction = keyof typeof ACTIONS;

/** POST /api/v1/runs/:id/devices/:device/<action>, a button of the console's device table, a word of `npm run control`. */
export const DEVICE_ACTIONS: Readonly<Record<DeviceAction, DeviceActionTraits>> = ACTIONS;
export const DEVICE_ACTION_NAMES = Object.keys(ACTIONS) as DeviceAction[];

/** The action of this name, where it is one of a device. */
export const deviceActionOf = (name: string): DeviceAction | undefined =>
  DEVICE_ACTION_NAMES.find((action) => action === name);
