import type { Socket } from 'socket.io';
import { signal } from '../../shared/protocol/messages.ts';
import { ChannelPeer } from './channelPeer.ts';
import type { ServeChannel } from './channelPeerConnection.ts';
import type { AnsweredPeer, DataChannels } from './dataChannels.ts';
import { MAX_IN_FLIGHT_AT_HOST } from '../gateway/limits.ts';
import type { Handler } from '../gateway/peer.ts';
import { peerOf } from '../gateway/socketPeer.ts';
import type { UplinkMeter } from '../gateway/uplinkMeter.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

/** Offers that one socket may make: a channel that does not last is retried, not forever. */
const MAX_OFFERS = 16;

const SUPERSEDED = { outcome: 'WITHDRAWN', reason: 'a newer offer took its place' } as const;

/**
 * Answers the offers of a device that showed its access token. The channel that comes of one serves that device until its
 * socket ends or a newer offer takes its place [TR2].
 * @param handlers of this process, for this device and what is measured of its channel.
 */
export function signalHandler(
  socket: Socket,
  channels: DataChannels | null,
  handlers: (uplink: UplinkMeter) => Record<string, Handler>,
  failed: (error: unknown) => void,
): Handler {
  let offers = 0;
  let peer: AnsweredPeer | null = null;
  socket.on('disconnect', () => peer?.close());
  const serve: ServeChannel = (channel, uplink) => {
    const common = { failed, maxInFlight: MAX_IN_FLIGHT_AT_HOST };
    const asked = new ChannelPeer(channel, { socket: peerOf(socket), handlers: handlers(uplink), ...common });
    return (message) => asked.receive(message);
  };
  return ([body], reply) => {
    const message = signal.safeParse(body);
    if (!message.success) {
      reply({ outcome: 'MALFORMED', reason: 'signal comes with an offer' });
    } else if (channels === null) {
      reply({ outcome: 'UNAVAILABLE', reason: 'this server has no data channels' });
    } else if (++offers > MAX_OFFERS) {
      reply({ outcome: 'BUSY', reason: `more than ${MAX_OFFERS} offers` });
    } else {
      const newest = offers;
      peer?.close();
      peer = null;
      channels.accept(message.data.offer, serve).then(
        (answered) => {
          const { answer } = answered;
          if (socket.connected && newest === offers) peer = answered;
          else answered.close();
          reply(peer === answered ? { outcome: 'OK', answer } : SUPERSEDED);
        },
        (error: unknown) => reply({ outcome: 'UNAVAILABLE', reason: errorMessage(error) }),
      );
    }
  };
}
