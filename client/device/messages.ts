import type { Conditions, DeviceDescription, EngineName } from '../../shared/profile/profile.ts';
import type { PeerRequest } from '../transport/peerPort.ts';
import type { News } from './news.ts';
import type { TransportPreference } from '../../shared/transport/preference.ts';

/* What the page and its training worker say to each other. The page shows; the worker does everything else. */

/** What a device shows to keep its id over a reload; secret. */
export interface Credentials {
  device: string;
  token: string;
}

export interface StartRequest {
  type: 'start';
  /** Base of the server, for instance `https://192.168.1.4:8080/`. */
  server: string;
  engine: EngineName | 'auto';
  /** Credential to join; empty where the server is open to all. */
  join: string;
  resume: Credentials | null;
  description: DeviceDescription;
  /** As far as they are known at the start. */
  conditions: Partial<Conditions>;
  /** Workers at most. */
  workers: number;
  transport: TransportPreference;
}

export type PageToWorker =
  | StartRequest
  /** What has changed of the device. */
  | { type: 'conditions'; conditions: Partial<Conditions> }
  | { type: 'stop' };

export type WorkerToPage =
  | News
  | { type: 'credentials'; credentials: Credentials }
  /** Asks the page for a data channel, which only pages can have. */
  | { type: 'peer'; request: PeerRequest };
