import { availableParallelism } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { EngineSelection } from '../engines/select.ts';
import { wasmCandidate, type EngineSupply } from '../engines/supply.ts';
import { connect } from '../transport/connect.ts';
import { connectSocketIo } from '../transport/socketio.ts';
import { DataCache } from '../worker/dataCache.ts';
import { Volunteer } from '../worker/volunteer.ts';
import type { FromNodeWorker, NodeWorkerTask } from './messages.ts';

/* A worker without a browser: the volunteer of the pages, with the fused engine, in a thread of Node. */

const { server, join, selfSigned } = workerData as NodeWorkerTask;
const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a worker thread');
const tell = (message: FromNodeWorker) => port.postMessage(message);

const nodeSupply: EngineSupply = { fused: [wasmCandidate], tfjs: () => Promise.resolve([]) };

const volunteer = new Volunteer({
  join,
  resume: null,
  agent: {
    agent: `Node ${process.versions.node} on ${process.platform}`,
    cores: availableParallelism(),
    secureContext: true,
  },
  data: new DataCache(server),
  connect: (events) =>
    connect((heard) => connectSocketIo(server, heard, { rejectUnauthorized: !selfSigned }), events),
  crew: {
    limit: 1,
    selectEngines: (spec) =>
      EngineSelection.begin({
        ...{ spec, asked: 'auto', supply: nodeSupply, now: () => performance.now() },
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
