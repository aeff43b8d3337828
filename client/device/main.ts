import '../page/noEval.ts';
import { createDeviceClient } from './assemble.ts';
import { DeviceConditions } from './conditions.ts';
import type { PageToWorker, WorkerToPage } from './messages.ts';
import type { DeviceClient } from './deviceClient.ts';

/* The entry of the Web Worker: turns the page's messages into calls. */

const tell = (message: WorkerToPage, handedOver: Transferable[] = []) => postMessage(message, handedOver);
let volunteer: DeviceClient | null = null;
const conditions = new DeviceConditions(() => performance.now());

addEventListener('message', ({ data }: MessageEvent<PageToWorker>) => {
  switch (data.type) {
    case 'start':
      conditions.told(data.conditions);
      volunteer ??= createDeviceClient(data, conditions, tell);
      break;
    case 'conditions':
      conditions.told(data.conditions);
      volunteer?.conditionsChanged();
      break;
    case 'stop':
      void volunteer?.stop();
      volunteer = null;
      break;
  }
});
