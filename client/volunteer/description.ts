import {
  PROFILE_VERSION,
  type Conditions,
  type DeviceDescription,
  type DeviceLabels,
  type FormFactor,
} from '../../shared/profile/profile.ts';
import { describeAgent } from './agent.ts';

/** What only some browsers have. */
interface Extras {
  deviceMemory?: number;
  userAgentData?: { mobile: boolean };
  connection?: EventTarget & { saveData?: boolean; type?: string };
  getBattery?: () => Promise<EventTarget & { level: number; charging: boolean }>;
}

const extras = (): Extras => navigator as unknown as Extras;

/** What the page can tell of the device that it is open on. */
export function describeDevice(labels: DeviceLabels): DeviceDescription {
  const { userAgentData, deviceMemory } = extras();
  return {
    version: PROFILE_VERSION,
    agent: describeAgent(navigator.userAgent),
    formFactor: formFactorOf(navigator.userAgent, userAgentData?.mobile ?? false, navigator.maxTouchPoints),
    cores: navigator.hardwareConcurrency,
    memoryGiB: deviceMemory ?? null,
    secureContext: isSecureContext,
    labels,
  };
}

/** An iPad says that it is a Mac, which has no touch screen. */
export function formFactorOf(userAgent: string, mobile: boolean, touchPoints: number): FormFactor {
  if (/iPad|Tablet/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)) return 'tablet';
  if (mobile || /Mobi|iPhone/.test(userAgent)) return 'phone';
  if (/Android/.test(userAgent)) return 'tablet';
  return /Windows|Macintosh|Linux|CrOS|X11/.test(userAgent) ? 'desktop' : 'unknown';
}

/** Tells how the device is doing, now and at each change. */
export function followConditions(tell: (news: Partial<Conditions>) => void): void {
  const { connection, getBattery } = extras();
  const visible = () => tell({ visibility: document.hidden ? 'hidden' : 'visible' });
  document.addEventListener('visibilitychange', visible);
  visible();
  if (connection !== undefined) {
    const network = () => tell({ metered: (connection.saveData ?? false) || connection.type === 'cellular' });
    connection.addEventListener('change', network);
    network();
  }
  void getBattery?.call(navigator).then(
    (battery) => {
      const power = () => tell({ battery: { level: battery.level, charging: battery.charging } });
      battery.addEventListener('levelchange', power);
      battery.addEventListener('chargingchange', power);
      power();
    },
    // A browser that does not tell is one whose battery is not known.
    () => undefined,
  );
}
