import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { TRANSPORT_PREFERENCES } from '../../shared/transport/preference.ts';
import type { Clock } from '../core/clock.ts';
import { DataChannels, type DataChannelLibrary } from '../webrtc/dataChannels.ts';
import { MAX_IN_FLIGHT_AT_HOST } from '../gateway/limits.ts';
import { ConfigError, type Config } from '../config/config.ts';
import { iceServerForNode } from '../config/iceServers.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

export interface ChannelSource {
  /** The data channels of this process; null where there are none. */
  open: (maxMessageBytes: number) => DataChannels | null;
  /** Lets go of what is native in it: to be called when the process is done with data channels. */
  release: () => void;
}

const NONE: ChannelSource = { open: () => null, release: () => undefined };
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Servers of this process: the last one out cleans up, since the native part is the process's. */
let users = 0;

/**
 * Loads what data channels need, where the settings have them, and finds out whether they may have the UDP port of
 * the same number as the server's own. Where they cannot be had, `auto` goes on without and says so.
 * @throws {ConfigError} where they cannot be had and `--transport webrtc` asks for them.
 */
export async function prepareChannels(
  { transport, iceServers, host }: Config,
  port: number,
  clock: Clock,
  log: (line: string) => void,
): Promise<ChannelSource> {
  const { opensChannels, waitsForChannels } = TRANSPORT_PREFERENCES[transport];
  if (!opensChannels) return NONE;
  const address = ANY_ADDRESS.has(host) ? null : host === 'localhost' ? '127.0.0.1' : host;
  let library: DataChannelLibrary;
  try {
    library = await import('node-datachannel');
    await probe(port, address);
  } catch (error) {
    const [reason = ''] = errorMessage(error).split('\n', 1);
    if (waitsForChannels) throw new ConfigError(`--transport: no data channels here: ${reason}`);
    log(`No data channels here, so all goes by socket.io: ${reason}`);
    return NONE;
  }
  users++;
  const common = { port, address, clock, iceServers: iceServers.map(iceServerForNode) };
  return {
    open: (maxMessageBytes) =>
      new DataChannels(library, { ...common, maxMessageBytes, maxQueuedMessages: MAX_IN_FLIGHT_AT_HOST }),
    release: () => {
      users--;
      if (users === 0) library.cleanup();
    },
  };
}

/** @throws {Error} where another program has the UDP port. */
async function probe(port: number, address: string | null): Promise<void> {
  const socket = createSocket(address?.includes(':') === true ? 'udp6' : 'udp4');
  try {
    socket.bind(port, address ?? undefined);
    await once(socket, 'listening');
  } finally {
    socket.close();
  }
}
