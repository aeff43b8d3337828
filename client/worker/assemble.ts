import { EngineSelection, type Engines } from '../engines/select.ts';
import { browserSupply } from '../engines/browser.ts';
import { connectSocketIo } from '../transport/socketio.ts';
import { DataCache } from './dataCache.ts';
import type { StartRequest, WorkerToPage } from './messages.ts';
import { Rate } from './rate.ts';
import { Volunteer } from './volunteer.ts';

const RATE_WINDOW_MS = 5000;

/** Puts a volunteer together in a Web Worker: socket.io, the best engine, and figures for the page. */
export function createVolunteer(request: StartRequest, tell: (message: WorkerToPage) => void): Volunteer {
  const rate = new Rate(RATE_WINDOW_MS, () => performance.now());
  const totals = { applied: 0, lost: 0, samples: 0 };
  return new Volunteer({
    join: request.join,
    resume: request.resume,
    agent: { agent: request.agent, cores: navigator.hardwareConcurrency, secureContext: isSecureContext },
    data: new DataCache(request.server),
    connect: (events) => connectSocketIo(request.server, events),
    selectEngines: (spec): Promise<Engines> =>
      EngineSelection.begin({
        ...{ spec, asked: request.engine, supply: browserSupply },
        now: () => performance.now(),
        changed: ({ name, detail, software }, note) => tell({ type: 'engine', name, detail, software, note }),
      }),
    events: {
      state: (state, message) => tell({ type: 'state', state, message }),
      status: (status) => tell({ type: 'status', status }),
      credentials: (credentials) => tell({ type: 'credentials', credentials }),
      unit: (outcome, samples) => {
        if (samples > 0) rate.add(samples);
        if (outcome === 'APPLIED') {
          totals.applied++;
          totals.samples += samples;
        } else {
          totals.lost++;
        }
        tell({ type: 'progress', samplesPerSecond: rate.perSecond(), ...totals });
      },
    },
  });
}
