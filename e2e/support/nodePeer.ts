import type { DataChannel, PeerConnection } from 'node-datachannel';
import { PeerConnection as createPeer } from 'node-datachannel';
import { ChunkedChannel } from '../../shared/transport/chunkedChannel.ts';
import { RequestClient } from '../../client/transport/requestClient.ts';
import type { Transport } from '../../client/transport/transport.ts';

/** A device's end of a data channel without a browser: for tests, which need no page for it. */
export interface NodePeer {
  transport: Transport;
  channel: DataChannel;
  connection: PeerConnection;
}

const after = (milliseconds: number, task: () => void) => {
  const timer = setTimeout(task, milliseconds);
  return () => clearTimeout(timer);
};

/** Opens a data channel to a server. @param signal takes the offer to it and brings its answer. */
export async function openNodePeer(
  signal: (offer: string) => Promise<string>,
  maxMessageBytes: number,
  chunkBytes?: number,
): Promise<NodePeer> {
  const connection = new createPeer('device', { iceServers: [] });
  const gathered = new Promise<string>((resolve) =>
    connection.onGatheringStateChange((state) => {
      if (state === 'complete') resolve(connection.localDescription()?.sdp ?? '');
    }),
  );
  const data = connection.createDataChannel('tabswarm');
  let roomy: () => void = () => undefined;
  data.setBufferedAmountLowThreshold(64 * 1024);
  data.onBufferedAmountLow(() => roomy());
  const channel = new ChunkedChannel({
    chunks: {
      async send(chunk) {
        data.sendMessageBinary(chunk);
        if (data.bufferedAmount() > 256 * 1024) await new Promise<void>((resolve) => (roomy = resolve));
      },
      close: () => connection.close(),
    },
    after,
    maxMessageBytes,
    maxQueuedBytes: 64 * maxMessageBytes,
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    received: (message) => requests.receive(message),
    closed: (reason) => requests.end(reason ?? 'closed'),
  });
  const requests = new RequestClient((request, bytes) => channel.send(request, bytes), after);
  const opened = new Promise<void>((resolve) => data.onOpen(resolve));
  data.onClosed(() => channel.close());
  connection.onStateChange(() => undefined);
  data.onMessage((chunk) => {
    if (typeof chunk !== 'string') channel.receive(new Uint8Array(chunk));
  });
  connection.setRemoteDescription(await signal(await gathered), 'answer');
  await opened;
  const transport: Transport = {
    name: 'webrtc',
    request: (request) => requests.request(request),
  };
  return { transport, channel: data, connection };
}
