import type { IceServer } from '../../shared/protocol/messages.ts';
import type { IceServerAddress } from './values.ts';

/** As the browser's RTCPeerConnection takes it. */
export function iceServerForBrowsers(server: IceServerAddress): IceServer {
  const { scheme, host, port, username, password } = server;
  const urls = `${scheme}:${host}:${port}`;
  return username === null || password === null ? { urls } : { urls, username, credential: password };
}

/** As node-datachannel takes it: TURN names and passwords in the address. */
export function iceServerForNode(server: IceServerAddress): string {
  const { scheme, host, port, username, password } = server;
  if (username === null || password === null) return `${scheme}:${host}:${port}`;
  return `${scheme}:${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}:${port}`;
}
