import type { Engine } from '../../shared/engine/engine.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import type { Candidate } from './supply.ts';
import { openThreadEngine, type EngineAnswer, type EngineThread } from './thread.ts';

/** The WebAssembly engine in a Web Worker of its own, so that several compute beside each other. */
export const threadedWasm: Candidate = { name: 'wasm', load: openInWebWorker };

/** Whether a Web Worker may start others here. */
export const hasThreads = (): boolean => typeof Worker !== 'undefined';

async function openInWebWorker(spec: ModelSpec, arithmetic: Arithmetic): Promise<Engine> {
  const worker = new Worker(new URL('./webWorkerMain.ts', import.meta.url), { type: 'module' });
  const thread: EngineThread = {
    post: (request) => worker.postMessage(request),
    listen: (answered, died) => {
      worker.addEventListener('message', ({ data }: MessageEvent<EngineAnswer>) => answered(data));
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        // An error while loading has no message.
        died(event.message || 'it could not be loaded');
      });
      worker.addEventListener('messageerror', () => died('an answer of it could not be read'));
    },
    end: () => worker.terminate(),
  };
  return openThreadEngine(spec, arithmetic, thread);
}
