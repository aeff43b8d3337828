import { EngineSelection, type Engines } from '../engines/select.ts';
import { browserSupply } from '../engines/browser.ts';
import type { EngineSupply } from '../engines/supply.ts';
import { hasThreads, threadedWasm } from '../engines/webWorker.ts';
import { dataChannels } from '../transport/channelHost.ts';
import { connect } from '../transport/connect.ts';
import { Diagnosis } from '../transport/diagnosis.ts';
import { later } from '../transport/later.ts';
import { connectSocketIo } from '../transport/socketio.ts';
import type { DeviceConditions } from './conditions.ts';
import type { WorkerPoolParts } from './workerPool.ts';
import { DataCache } from './dataCache.ts';
import { Figures } from './figures.ts';
import type { StartRequest, WorkerToPage } from './messages.ts';
import { DeviceClient } from './deviceClient.ts';
import { WORKER_STATES, type WorkerState } from './workerState.ts';

/** Sends the page a message; what is handed over is no longer this thread's. */
type Tell = (message: WorkerToPage, handedOver?: Transferable[]) => void;

/** Puts a volunteer together in a Web Worker: socket.io, the best engine, and figures for the page. */
export function createDeviceClient(
  request: StartRequest,
  conditions: DeviceConditions,
  tell: Tell,
): DeviceClient {
  const figures = new Figures(() => performance.now(), tell);
  let shown: WorkerState | null = null;
  const diagnosis = new Diagnosis(request.server, location.origin);
  /** Says why there is no connection, while there is none. */
  const explain = async () => {
    const message = await diagnosis.ask();
    if (message !== null && shown !== null && WORKER_STATES[shown].seeks)
      tell({ type: 'state', state: shown, message });
  };
  return new DeviceClient({
    join: request.join,
    resume: request.resume,
    description: request.description,
    conditions,
    data: new DataCache(request.server, (bytes, begun) => conditions.fetched(bytes, begun)),
    connect: (events) =>
      connect(
        (heard) => connectSocketIo(request.server, heard, undefined, () => void explain()),
        events,
        dataChannels(request.transport, (asked) => tell({ type: 'peer', request: asked }, [asked.port])),
      ),
    workerPool: createCrewParts(request, tell),
    events: {
      state: (state, message, outcome) => {
        if (state === shown && message === null) return;
        shown = state;
        if (!WORKER_STATES[state].seeks) diagnosis.connected();
        tell({ type: 'state', state, message, outcome });
      },
      status: (status) => tell({ type: 'status', status }),
      credentials: (credentials) => tell({ type: 'credentials', credentials }),
      workers: (count) => tell({ type: 'workers', count }),
      unit: (outcome, samples) => figures.unit(outcome, samples),
    },
  });
}

/** Whether several workers train where this engine is asked for: only WebAssembly has threads. */
const MAY_USE_THREADS: Record<StartRequest['engine'], boolean> = {
  auto: true,
  wasm: true,
  webgpu: false,
  'tfjs-webgpu': false,
  'tfjs-webgl': false,
  'tfjs-cpu': false,
};

/** Several workers train on WebAssembly, each in a thread of its own; one alone trains in this thread. */
function createCrewParts({ engine: asked, workers }: StartRequest, tell: Tell): WorkerPoolParts {
  const limit = hasThreads() && MAY_USE_THREADS[asked] ? workers : 1;
  const [, ...others] = browserSupply.fused;
  const first: EngineSupply =
    limit === 1 ? browserSupply : { ...browserSupply, fused: [threadedWasm, ...others] };
  const further: EngineSupply = { fused: [threadedWasm], tfjs: () => Promise.resolve([]) };
  const clock = { now: () => performance.now(), after: later };
  return {
    limit,
    selectEngines: (spec, worker, arithmetic): Promise<Engines> =>
      EngineSelection.begin(
        worker === 0
          ? {
              spec,
              arithmetic,
              asked,
              supply: first,
              clock,
              changed: ({ name, detail, software }, note) =>
                tell({ type: 'engine', name, detail, software, note }),
            }
          : { spec, arithmetic, asked: 'auto', supply: further, clock },
      ),
  };
}
