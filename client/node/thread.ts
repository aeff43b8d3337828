import { WORKER_STATES } from '../device/workerState.ts';
import { availableParallelism, totalmem } from 'node:os';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { EngineSelection } from '../engines/select.ts';
import { slowed } from './slowed.ts';
import { wasmCandidate, type EngineSupply } from '../engines/supply.ts';
import { connect } from '../transport/connect.ts';
import { later } from '../transport/later.ts';
import { connectSocketIo } from '../transport/socketio.ts';
import { DataCache } from '../device/dataCache.ts';
import { DeviceConditions } from '../device/conditions.ts';
import { Figures } from '../device/figures.ts';
import { DeviceClient, type DeviceClientParts } from '../device/deviceClient.ts';
import { PROFILE_VERSION, type DeviceDescription } from '../../shared/profile/profile.ts';
import { isForAWhile } from './refusals.ts';
import type { FromNodeWorker, NodeWorkerTask, ToNodeWorker } from './messages.ts';

/* A worker without a browser: the volunteer of the pages, with the fused engine, in a thread of Node. */

const { server, join, selfSigned, labels, slowdown } = workerData as NodeWorkerTask;
if (parentPort === null) throw new Error('thread.ts runs as a worker thread');
const port: MessagePort = parentPort;
const tell = (message: FromNodeWorker) => port.postMessage(message);

const candidate = slowdown === 1 ? wasmCandidate : slowed(wasmCandidate, slowdown);
const nodeSupply: EngineSupply = { fused: [candidate], tfjs: () => Promise.resolve([]) };
const now = () => performance.now();
const conditions = new DeviceConditions(now);
const figures = new Figures(now, tell);
const data = new DataCache(server, (bytes, begun) => conditions.fetched(bytes, begun));
const description: DeviceDescription = {
  version: PROFILE_VERSION,
  agent: `Node ${process.versions.node} on ${process.platform}`,
  formFactor: 'server',
  cores: availableParallelism(),
  memoryGiB: totalmem() / 2 ** 30,
  secureContext: true,
  labels,
};

/** What this device shows to keep its id when it joins again; null before its first join. */
let resume: DeviceClientParts['resume'] = null;

function begin(): DeviceClient {
  return new DeviceClient({
    join,
    resume,
    description,
    conditions,
    data,
    connect: (events) =>
      connect((heard) => connectSocketIo(server, heard, { rejectUnauthorized: !selfSigned }), events),
    workerPool: {
      limit: 1,
      selectEngines: (spec, _worker, arithmetic) =>
        EngineSelection.begin({
          spec,
          arithmetic,
          asked: 'auto',
          supply: nodeSupply,
          clock: { now, after: later },
          changed: ({ name, detail, software }, note) =>
            tell({ type: 'engine', name, detail, software, note }),
        }),
    },
    events: {
      state: (state, message, outcome) => {
        tell({ type: 'state', state, message, outcome });
        if (WORKER_STATES[state].isOver && !isForAWhile(outcome)) port.close();
      },
      unit: (outcome, samples) => figures.unit(outcome, samples),
      status: (status) => tell({ type: 'status', status }),
      credentials: (credentials) => (resume = credentials),
      workers: () => undefined,
    },
  });
}

let volunteer = begin();

port.on('message', (message: ToNodeWorker) => {
  switch (message) {
    case 'stop':
      // One that was refused has nothing to stop, and says nothing of it.
      void volunteer.stop().then(() => port.close());
      break;
    case 'again':
      volunteer = begin();
      break;
  }
});
