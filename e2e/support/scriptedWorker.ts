import { connect } from '../../client/transport/connect.ts';
import type { Connection } from '../../client/transport/connection.ts';
import { connectSocketIo } from '../../client/transport/socketio.ts';
import { PROFILE_VERSION, UNKNOWN_CONDITIONS, type DeviceDescription } from '../../shared/profile/profile.ts';
import { DeviceConditions } from '../../client/device/conditions.ts';
import { DataCache } from '../../client/device/dataCache.ts';
import { DeviceClient, type DeviceClientEvents } from '../../client/device/deviceClient.ts';
import { onlyEngine } from '../../client/device/testing/onlyEngine.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { gatherBatch, type Batch } from '../../client/engines/batch.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { lenet } from '../../server/zoo/lenet.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import type { Hello } from '../../shared/protocol/messages.ts';
import type { Cleanup } from './testServer.ts';

/** Computes something that depends on every weight, pixel and label, and is the same bits everywhere. */
export function createScriptedEngine(pace: () => Promise<void> = () => Promise.resolve()): Engine {
  let held: DataShard | null = null;
  const update = async (parameters: Float32Array, order: Uint32Array) => {
    await pace();
    if (held === null) throw new Error('no data shard is held');
    return pseudoGradient(parameters, gatherBatch(held, order, lenet.spec.normalise));
  };
  return {
    name: 'scripted',
    detail: 'test',
    software: false,
    hold: (shard) => Promise.resolve(void (held = shard)),
    gradient: async (parameters, order) => ({ gradient: await update(parameters, order), loss: 0 }),
    train: async (parameters, order) => ({ delta: await update(parameters, order), loss: 0 }),
    evaluate: () => Promise.reject(new Error('a scripted engine only trains')),
    dispose: () => undefined,
  };
}

function pseudoGradient(parameters: Float32Array, { images, labels, samples }: Batch): Float32Array {
  return parameters.map((weight, index) => {
    const pixel = images[(index * 37) % images.length] ?? 0;
    const label = labels[index % samples] ?? 0;
    return Math.fround(0.1 * weight) + Math.fround(0.01 * Math.fround(pixel + label));
  });
}

export const SCRIPTED_DEVICE: DeviceDescription = {
  version: PROFILE_VERSION,
  agent: 'scripted',
  formFactor: 'server',
  cores: 1,
  memoryGiB: null,
  secureContext: true,
  labels: {},
};

/** The hello of a well-behaved client. */
export function politeHello(changes: Partial<Hello> = {}): Hello {
  return {
    protocol: PROTOCOL_VERSION,
    join: '',
    profile: { ...SCRIPTED_DEVICE, engine: null, trials: [], workers: 1, conditions: UNKNOWN_CONDITIONS },
    ...changes,
  };
}

const SILENT: DeviceClientEvents = {
  state: () => undefined,
  unit: () => undefined,
  status: () => undefined,
  credentials: () => undefined,
  workers: () => undefined,
};

/** The worker of a tab in this process, with the engine above; stops when the test ends. */
export function startScriptedWorker(
  cleanup: Cleanup,
  server: string,
  events: Partial<DeviceClientEvents> = {},
  engine: Engine = createScriptedEngine(),
  observe: (connection: Connection) => Connection = (connection) => connection,
): DeviceClient {
  const volunteer = new DeviceClient({
    join: '',
    resume: null,
    description: SCRIPTED_DEVICE,
    conditions: new DeviceConditions(() => performance.now()),
    data: new DataCache(server),
    connect: (listener) => observe(connect((heard) => connectSocketIo(server, heard), listener)),
    workerPool: { limit: 1, selectEngines: () => Promise.resolve(onlyEngine(engine)) },
    events: { ...SILENT, ...events },
  });
  cleanup.add(() => volunteer.stop());
  return volunteer;
}
