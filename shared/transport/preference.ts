interface PreferenceTraits {
  /** How updates and weights travel, as the help says it. */
  help: string;
  /** Data channels are opened where they can be. */
  opensChannels: boolean;
  /** ... and the first unit waits until they are. */
  waitsForChannels: boolean;
}

/** What a server or a device would like tensors to travel by; with `auto` a device leaves it to its server. */
export const TRANSPORT_PREFERENCES = {
  auto: {
    help: 'by socket.io, then by a data channel once one is open',
    opensChannels: true,
    waitsForChannels: false,
  },
  socketio: {
    help: 'by socket.io only',
    opensChannels: false,
    waitsForChannels: false,
  },
  webrtc: {
    help: 'by data channels from the first unit on, if they open in time',
    opensChannels: true,
    waitsForChannels: true,
  },
} as const satisfies Record<string, PreferenceTraits>;
export type TransportPreference = keyof typeof TRANSPORT_PREFERENCES;
export const TRANSPORT_PREFERENCE_NAMES = Object.keys(TRANSPORT_PREFERENCES) as TransportPreference[];
