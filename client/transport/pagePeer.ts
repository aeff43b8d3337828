import SimplePeer from 'simple-peer/simplepeer.min.js';
import { ChunkedChannel } from '../../shared/transport/chunkedChannel.ts';
import { later } from './later.ts';
import type { FromPeer, PeerRequest, ToPeer } from './peerPort.ts';

/** Messages that may wait to be sent: a push and a pull of each of as many workers as a device may have. */
const QUEUED_MESSAGES = 64;

/**
 * Makes a data channel on the page for the worker at the other end of the port, and carries its messages.
 * @param ended is called when it has ended, by either side.
 * @returns how to end it.
 */
export function openPeer({ port, iceServers, maxMessageBytes }: PeerRequest, ended: () => void): () => void {
  const tell = (message: FromPeer, handedOver: Transferable[] = []) => port.postMessage(message, handedOver);
  let received = 0;
  // All candidates go with the offer: one request and one answer, where a trickle would take many messages.
  const peer = new SimplePeer({
    initiator: true,
    trickle: false,
    objectMode: true,
    config: { iceServers },
  });
  const channel = new ChunkedChannel({
    chunks: {
      send: (chunk) => new Promise((resolve) => peer.write(chunk, () => resolve())),
      close: () => peer.destroy(),
    },
    after: later,
    maxMessageBytes,
    maxQueuedBytes: QUEUED_MESSAGES * maxMessageBytes,
    received: (message) => tell({ type: 'message', message }, [message.bytes.buffer]),
    closed: (reason) => {
      tell({ type: 'closed', reason: reason ?? 'the channel was closed' });
      port.close();
      ended();
    },
  });
  peer.on('signal', ({ type, sdp }) => {
    if (type === 'offer') tell({ type: 'offer', sdp });
  });
  peer.on('connect', () => tell({ type: 'open' }));
  peer.on('data', (chunk) => {
    received++;
    channel.receive(chunk);
  });
  peer.on('error', (error) => channel.close(error.message));
  peer.on('close', () => channel.close());
  port.onmessage = ({ data }: MessageEvent<ToPeer>) => {
    switch (data.type) {
      case 'answer':
        peer.signal({ type: 'answer', sdp: data.sdp });
        break;
      case 'send':
        channel.send(data.json, data.bytes);
        break;
      case 'check':
        tell({ type: 'moved', received, waiting: peer.bufferSize + channel.queuedBytes });
        break;
      case 'close':
        channel.close();
        break;
    }
  };
  return () => channel.close();
}
