/* The types of the prebuilt bundle, as far as they are used; the package itself expects Node's modules. */

export interface Signal {
  type: 'offer' | 'answer';
  sdp: string;
}

export default class SimplePeer {
  constructor(options: {
    initiator: boolean;
    trickle: boolean;
    objectMode: boolean;
    config: {
      iceServers: { urls: string; username?: string | undefined; credential?: string | undefined }[];
    };
  });
  /** Bytes that wait to go out. */
  readonly bufferSize: number;
  signal(data: Signal): void;
  /** Calls back when there is room for more. */
  write(chunk: Uint8Array, roomy: () => void): boolean;
  destroy(): void;
  on(event: 'signal', listener: (signal: Signal) => void): this;
  on(event: 'data', listener: (chunk: Uint8Array) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'connect' | 'close', listener: () => void): this;
}
