import type { DataShard } from '../../../shared/dataset/dataShard.ts';
import type { DeviceDescription } from '../../../shared/profile/profile.ts';
import { DeviceConditions } from '../conditions.ts';
import { DataCache } from '../dataCache.ts';
import { DeviceClient, type DeviceClientParts } from '../deviceClient.ts';
import { DATA, FakeEngine, FakeServer } from './fakeServer.ts';
import { onlyEngine } from './onlyEngine.ts';

export const DESCRIPTION: DeviceDescription = {
  version: 1,
  agent: 'test',
  formFactor: 'desktop',
  cores: 4,
  memoryGiB: null,
  secureContext: true,
  labels: {},
};

/** Has one data shard, whatever is asked for. */
export class FakeData extends DataCache {
  readonly #data: DataShard;

  constructor(data: DataShard = DATA) {
    super('http://localhost');
    this.#data = data;
  }

  override get(): Promise<DataShard> {
    return Promise.resolve(this.#data);
  }
}

/** Lets everything run that waits for nothing but promises: no test of a volunteer waits for time to pass. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

/** A promise that a test settles when it wants to. */
export function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A volunteer on a fake server and engine, and what its owner was told. */
export function startDeviceClient(changes: Partial<DeviceClientParts> = {}) {
  const server = new FakeServer();
  const engine = new FakeEngine();
  const told: string[] = [];
  const loads: string[] = [];
  const volunteer = new DeviceClient({
    join: 'let me in',
    resume: null,
    description: DESCRIPTION,
    conditions: new DeviceConditions(() => 0),
    data: new FakeData(),
    connect: server.connect,
    workerPool: {
      limit: 1,
      selectEngines: (model) => {
        loads.push(model.name);
        return Promise.resolve(onlyEngine(engine));
      },
    },
    events: {
      state: (state, message) => told.push(message === null ? state : `${state}: ${message}`),
      status: ({ state }) => told.push(`status ${state}`),
      credentials: ({ device }) => told.push(`credentials ${device}`),
      unit: (outcome, samples) => told.push(`unit ${outcome} ${samples}`),
      workers: () => undefined,
    },
    ...changes,
  });
  return { volunteer, server, engine, loads, told: () => told.splice(0) };
}

/** The same, joined and waiting for work. */
export async function joinedVolunteer(changes: Partial<DeviceClientParts> = {}) {
  const started = startDeviceClient(changes);
  started.server.says.connected();
  await settled();
  started.told();
  started.server.news();
  return started;
}
