import type { FromPeer, PeerRequest, ToPeer } from '../peerPort.ts';

/** Messages between ports take real turns of the event loop: as many as this one takes have passed. */
const turn = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port1.close();
      resolve();
    };
    port1.postMessage(null);
  });

/** Resolves when all that was said between ports has arrived, answers too. */
export async function delivered(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn();
}

/** The page's end of one data channel: what the worker said to it, and what a test has it say. */
export class ScriptedPage {
  readonly request: PeerRequest;
  readonly said: ToPeer[] = [];
  /** Answers what the worker says, as a page would. */
  heard: (message: ToPeer) => FromPeer[] = () => [];

  constructor(request: PeerRequest) {
    this.request = request;
    request.port.onmessage = ({ data }: MessageEvent<ToPeer>) => {
      this.said.push(data);
      for (const message of this.heard(data)) this.say(message);
    };
  }

  say(message: FromPeer): void {
    this.request.port.postMessage(message);
  }

  close(): void {
    this.request.port.close();
  }
}
