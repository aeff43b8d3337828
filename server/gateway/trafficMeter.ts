import type { DeviceTraffic, TransportName } from '../../shared/protocol/admin.ts';
import { RecentMap } from '../core/recentMap.ts';

/** Devices that are remembered: as many as a server takes, and some that left. */
export const REMEMBERED_DEVICES = 5000;

/** What is known of a device's connection. */
export interface MeteredTraffic extends DeviceTraffic {
  /** Bytes a second at which its updates come in; null where nothing told yet. */
  uplink: number | null;
}

/** Counts the bytes of tensors by device and by transport. */
export class TrafficMeter {
  readonly #devices = new RecentMap<string, MeteredTraffic>(REMEMBERED_DEVICES);
  readonly #changed = new Set<string>();

  count(device: string, transport: TransportName, bytesUp: number, bytesDown: number): void {
    const known = this.#devices.get(device) ?? nothing();
    const ways = known[transport];
    const counted = { bytesUp: ways.bytesUp + bytesUp, bytesDown: ways.bytesDown + bytesDown };
    // Who has been quiet longest is forgotten first.
    const forgotten = this.#devices.set(device, { ...known, newest: transport, [transport]: counted });
    this.#changed.add(device);
    if (forgotten !== null) this.#changed.delete(forgotten);
  }

  /** What the way of its newest update tells of a device's line. */
  uplink(device: string, bytesPerSecond: number | null): void {
    const known = this.#devices.get(device);
    if (known !== undefined && bytesPerSecond !== null) known.uplink = bytesPerSecond;
  }

  of(device: string): MeteredTraffic {
    return this.#devices.get(device) ?? nothing();
  }

  /** The devices whose traffic changed since the last call. */
  news(): [device: string, traffic: MeteredTraffic][] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed.map((device) => [device, this.of(device)]);
  }
}

/** Together, of the shards that a device talks to. */
export function sumOfTraffic(parts: readonly MeteredTraffic[]): MeteredTraffic {
  const sum = (transport: TransportName) => ({
    bytesUp: parts.reduce((total, part) => total + part[transport].bytesUp, 0),
    bytesDown: parts.reduce((total, part) => total + part[transport].bytesDown, 0),
  });
  const newest = parts.find((part) => part.newest !== null)?.newest ?? null;
  const uplinks = parts.flatMap(({ uplink }) => uplink ?? []);
  const uplink = uplinks.length === 0 ? null : Math.max(...uplinks);
  return { newest, socketio: sum('socketio'), webrtc: sum('webrtc'), uplink };
}

function nothing(): MeteredTraffic {
  const none = { bytesUp: 0, bytesDown: 0 };
  return { newest: null, socketio: none, webrtc: none, uplink: null };
}
