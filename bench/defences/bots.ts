import { DeviceConditions } from '../../client/device/conditions.ts';
import { DataCache } from '../../client/device/dataCache.ts';
import { DeviceClient } from '../../client/device/deviceClient.ts';
import { onlyEngine } from '../../client/device/testing/onlyEngine.ts';
import { connect } from '../../client/transport/connect.ts';
import { connectSocketIo } from '../../client/transport/socketio.ts';
import { SCRIPTED_DEVICE } from '../../e2e/support/scriptedWorker.ts';
import type { Cleanup } from '../../e2e/support/testServer.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import type { RunStatus } from '../../shared/protocol/messages.ts';

/** Gradients of whole data shards, by the labels of a data shard: no two have the same. */
export type Gradients = ReadonlyMap<string, Float32Array>;

export const nameOf = ({ labels }: DataShard): string => Buffer.from(labels).toString('base64');

/**
 * An engine that knows what comes of every unit: each is of one whole data shard, at weights that never change. It takes
 * no time, so that the server is what there is to wait for.
 */
function knowingEngine(gradients: Gradients): Engine {
  let held: Float32Array | undefined;
  const unasked = () => Promise.reject(new Error('a bot is asked for gradients of whole data shards'));
  return {
    name: 'wasm',
    detail: 'bot',
    software: false,
    hold: (shard) => Promise.resolve(void (held = gradients.get(nameOf(shard)))),
    gradient: () => (held === undefined ? unasked() : Promise.resolve({ gradient: held, loss: 0 })),
    train: unasked,
    evaluate: unasked,
    dispose: () => undefined,
  };
}

export interface BotParts {
  server: string;
  /** The credential that they show; empty: none. */
  join: string;
  bots: number;
  gradients: Gradients;
  status: (status: RunStatus) => void;
  failed: (message: string) => void;
}

/** Devices that send right updates as fast as the server takes them, until the cleanup. */
export function startBots(
  cleanup: Cleanup,
  { server, join, bots, gradients, status, failed }: BotParts,
): void {
  const data = new DataCache(server);
  for (let number = 0; number < bots; number++) {
    const bot = new DeviceClient({
      join,
      resume: null,
      description: SCRIPTED_DEVICE,
      conditions: new DeviceConditions(() => performance.now()),
      data,
      connect: (listener) => connect((heard) => connectSocketIo(server, heard), listener),
      workerPool: {
        limit: 1,
        selectEngines: () => Promise.resolve(onlyEngine(knowingEngine(gradients))),
      },
      events: {
        state: (state, message) => {
          if (state === 'failed') failed(message ?? 'it failed');
        },
        unit: (outcome) => {
          if (outcome === 'WRONG_UPDATE') failed('an audit found its update wrong');
        },
        status: number === 0 ? status : () => undefined,
        credentials: () => undefined,
        workers: () => undefined,
      },
    });
    cleanup.add(() => bot.stop());
  }
}
