/** What a device would like its tensors to travel by; `auto` leaves it to the server. */
export const TRANSPORT_PREFERENCES = ['auto', 'socketio', 'webrtc'] as const;
export type TransportPreference = (typeof TRANSPORT_PREFERENCES)[number];
