import '../../shared/protocol/noEval.ts';
import { createVolunteer } from './assemble.ts';
import type { PageToWorker, WorkerToPage } from './messages.ts';
import type { Volunteer } from './volunteer.ts';

/* The entry of the Web Worker: turns the page's messages into calls. */

const tell = (message: WorkerToPage, handedOver: Transferable[] = []) => postMessage(message, handedOver);
let volunteer: Volunteer | null = null;

addEventListener('message', ({ data }: MessageEvent<PageToWorker>) => {
  switch (data.type) {
    case 'start':
      volunteer ??= createVolunteer(data, tell);
      break;
    case 'stop':
      void volunteer?.stop();
      volunteer = null;
      break;
  }
});
