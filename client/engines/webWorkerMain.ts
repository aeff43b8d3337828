import '../page/noEval.ts';
import { wasmCandidate } from './supply.ts';
import { createEngineServer, type EngineRequest } from './thread.ts';

/* The entry of the Web Worker that holds an engine: requests in, answers out. */

const answer = createEngineServer(wasmCandidate.load);

addEventListener('message', ({ data }: MessageEvent<EngineRequest>) => {
  void answer(data).then((answered) => postMessage(answered));
});
