/** What a device would like its tensors to travel by; `auto` leaves it to the server. */
export const TRANSPORT_WISHES = ['auto', 'socketio', 'webrtc'] as const;
export type TransportWish = (typeof TRANSPORT_WISHES)[number];
