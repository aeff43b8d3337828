import { DEVICE_ACTIONS, type DeviceAction } from '../../shared/protocol/deviceActions.ts';
import type { TrustRecord } from '../../shared/protocol/trust.ts';
import type { Crowd, TrustChange } from '../core/crowd/crowd.ts';
import { barredBy, pardonedBy } from '../core/crowd/trust.ts';
import { HttpRefusal } from '../http/refusals.ts';
import type { DeviceRecords } from './deviceRecords.ts';

export interface DeviceActionParts {
  crowd: Crowd;
  records: DeviceRecords;
  /** Told of another trust in a device that the crowd does not know [TS10]. */
  judged: (change: TrustChange) => void;
}

interface Judgement {
  /** A clause, for people. */
  why: string;
  /** Of a device that is remembered. */
  here: (crowd: Crowd, device: string, why: string) => void;
  /** Of one of which a row alone is left. */
  kept: (trust: TrustRecord, why: string) => TrustRecord;
}

const JUDGEMENTS: Readonly<Record<DeviceAction, Judgement>> = {
  bar: {
    why: 'an operator barred it',
    here: (crowd, device, why) => crowd.bar(device, why, 'admin'),
    kept: (trust, why) => barredBy(trust, 'admin', why),
  },
  pardon: {
    why: 'an operator pardoned it',
    here: (crowd, device, why) => crowd.pardon(device, why, 'admin'),
    kept: (trust, why) => pardonedBy(trust, 'admin', why),
  },
};

/**
 * Does what an operator asks of a device, and keeps it.
 * @throws {HttpRefusal} where nothing is known of the device, or its trust is not such that this can be done.
 */
export async function actOnDevice(
  { crowd, records, judged }: DeviceActionParts,
  device: string,
  action: DeviceAction,
): Promise<void> {
  const known = crowd.get(device);
  const trust = known?.history.trust ?? (await records.recall(device))?.trust;
  if (trust === undefined) throw new HttpRefusal('UNKNOWN_DEVICE', `Nothing is known of a device ${device}.`);
  const { possible } = DEVICE_ACTIONS[action];
  if (!possible.includes(trust.state)) {
    throw new HttpRefusal(
      'WRONG_STATE',
      `Device ${device} is ${trust.state}; ${action} is for devices that are ${possible.join(' or ')}.`,
    );
  }
  const { why, here, kept } = JUDGEMENTS[action];
  if (known === undefined) {
    const to = kept(trust, why);
    await records.judge(device, to);
    judged({ device, from: trust, to });
  } else {
    here(crowd, device, why);
    await records.keep(crowd);
  }
}
