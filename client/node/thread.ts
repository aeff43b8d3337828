import { availableParallelism, totalmem } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { EngineSelection } from '../engines/select.ts';
import { slowed } from './slowed.ts';
import { wasmCandidate, type EngineSupply } from '../engines/supply.ts';
import { connect } from '../transport/connect.ts';
import { later } from '../transport/later.ts';
import { connectSocketIo } from '../transport/socketio.ts';
import { DataCache } from '../worker/dataCache.ts';
import { DeviceConditions } from '../worker/conditions.ts';
import { Volunteer } from '../worker/volunteer.ts';
import { PROFILE_VERSION } from '../../shared/profile/profile.ts';
import type { FromNodeWorker, NodeWorkerTask } from './messages.ts';

/* A worker without a browser: the volunteer of the pages, with the fused engine, in a thread of Node. */

const { server, join, selfSigned, labels, slowdown } = workerData as NodeWorkerTask;
const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a worker thread');
const tell = (message: FromNodeWorker) => port.postMessage(message);

const candidate = slowdown === 1 ? wasmCandidate : slowed(wasmCandidate, slowdown);
const nodeSupply: EngineSupply = { fused: [candidate], tfjs: () => Promise.resolve([]) };
const conditions = new DeviceConditions(() => performance.now());

const volunteer = new Volunteer({
  join,
  resume: null,
  description: {
    version: PROFILE_VERSION,
    agent: `Node ${process.versions.node} on ${process.platform}`,
    formFactor: 'server',
    cores: availableParallelism(),
    memoryGiB: totalmem() / 2 ** 30,
    secureContext: true,
    labels,
  },
  conditions,
  data: new DataCache(server, (bytes, begun) => conditions.fetched(bytes, begun)),
  connect: (events) =>
    connect((heard) => connectSocketIo(server, heard, { rejectUnauthorized: !selfSigned }), events),
  crew: {
    limit: 1,
    selectEngines: (spec, _worker, arithmetic) =>
      EngineSelection.begin({
        ...{ spec, arithmetic, asked: 'auto', supply: nodeSupply },
        clock: { now: () => performance.now(), after: later },
        changed: ({ name }, note) => tell({ type: 'engine', name, note }),
      }),
  },
  events: {
    state: (state, message) => {
      if (state === 'failed') tell({ type: 'failed', message: message ?? 'failed without a reason' });
      if (state === 'failed' || state === 'stopped') port.close();
    },
    unit: () => undefined,
    status: () => undefined,
    credentials: () => undefined,
    workers: () => undefined,
  },
});

// Being told to stop is all that it is ever told.
port.on('message', () => void volunteer.stop());
