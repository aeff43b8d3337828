import { connectSocketIo } from '../../client/transport/socketio.ts';
import { DataCache } from '../../client/worker/dataCache.ts';
import { Volunteer, type VolunteerEvents } from '../../client/worker/volunteer.ts';
import type { Batch, Engine } from '../../shared/engine/engine.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import type { Hello } from '../../shared/protocol/messages.ts';
import type { Cleanup } from './testServer.ts';

/** Computes something that depends on every weight, pixel and label, and is the same bits everywhere. */
export const scriptedEngine: Engine = {
  name: 'scripted',
  detail: 'test',
  software: false,
  gradient: (parameters, batch) => Promise.resolve({ gradient: pseudoGradient(parameters, batch), loss: 0 }),
  dispose: () => undefined,
};

/** The same engine, whose every gradient waits for something first. */
export function pacedEngine(pace: () => Promise<void>): Engine {
  return {
    ...scriptedEngine,
    gradient: async (parameters, batch) => {
      await pace();
      return scriptedEngine.gradient(parameters, batch);
    },
  };
}

function pseudoGradient(parameters: Float32Array, { images, labels, samples }: Batch): Float32Array {
  return parameters.map((weight, index) => {
    const pixel = images[(index * 37) % images.length] ?? 0;
    const label = labels[index % samples] ?? 0;
    return Math.fround(0.1 * weight) + Math.fround(0.01 * Math.fround(pixel + label));
  });
}

export const SCRIPTED_AGENT = { agent: 'scripted', cores: 1, secureContext: true };

/** The hello of a well-behaved client. */
export function politeHello(changes: Partial<Hello> = {}): Hello {
  return { protocol: PROTOCOL_VERSION, join: '', profile: { ...SCRIPTED_AGENT, engine: null }, ...changes };
}

const SILENT: VolunteerEvents = {
  state: () => undefined,
  unit: () => undefined,
  status: () => undefined,
  credentials: () => undefined,
};

/** The worker of a tab in this process, with the engine above; stops when the test ends. */
export function startScriptedWorker(
  cleanup: Cleanup,
  server: string,
  events: Partial<VolunteerEvents> = {},
  engine: Engine = scriptedEngine,
): Volunteer {
  const volunteer = new Volunteer({
    join: '',
    resume: null,
    agent: SCRIPTED_AGENT,
    data: new DataCache(server),
    connect: (listener) => connectSocketIo(server, listener),
    loadEngine: () => Promise.resolve(engine),
    events: { ...SILENT, ...events },
  });
  cleanup.add(() => volunteer.stop());
  return volunteer;
}
