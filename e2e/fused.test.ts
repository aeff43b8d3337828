import { afterAll, describe, expect, it } from 'vitest';
import { unitOrder } from '../shared/engine/unit.ts';
import { engineContract, noiseShard } from '../client/engines/testing/contract.ts';
import { CONTRACT_SPECS, ODD_SPECS, QUICK_SPECS } from '../client/engines/testing/specs.ts';
import { initialParameters } from '../shared/model/initialise.ts';
import type { EngineName } from '../shared/profile/profile.ts';
import { thorough } from '../shared/testing/thorough.ts';
import { lenet } from '../server/zoo/lenet.ts';
import { rayConvnet } from '../server/zoo/ray-convnet.ts';
import { call, openEnginePage, remoteEngine } from './support/remoteEngine.ts';
import { loseDevices, openBrowser } from './support/tabs.ts';
import { Cleanup } from './support/testServer.ts';

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const page = openBrowser(cleanup).then((browser) => openEnginePage(cleanup, browser));

/** `npm run test:engines` takes minutes more: a hundred steps each, and the backends that compute on the processor here. */
const few = { long: false, specs: [rayConvnet.spec, ...ODD_SPECS.slice(0, 1)] };
const most = { long: thorough, specs: thorough ? CONTRACT_SPECS : QUICK_SPECS };

const contracts: [string, EngineName, Parameters<typeof engineContract>[2]][] = [
  ['the fused engine of WebGPU in a tab', 'webgpu', most],
  ['the fused engine of WebAssembly in a tab', 'wasm', most],
  ['TensorFlow.js on WebGPU in a tab', 'tfjs-webgpu', thorough ? most : few],
  ['TensorFlow.js on WebGL in a tab', 'tfjs-webgl', thorough ? most : few],
];
for (const [title, name, extent] of contracts) {
  engineContract(title, async (spec) => remoteEngine(await page, name, spec), extent);
}

describe('the fused engine of WebGPU', () => {
  /** Sixteen images for lenet, held by an engine of the tab of its own. */
  async function engineOfTab() {
    const tab = await page;
    const { id } = await call(tab, 'create', 'webgpu', lenet.spec);
    const { samples, shape, images, labels } = noiseShard(lenet.spec, 16, 3);
    await call(tab, 'hold', id, { samples, shape, images: [...images], labels: [...labels] });
    const train = (steps: number, batch = 4) => {
      const order = [...unitOrder(1, 0, 16, batch * steps)];
      const local = { batch, lr: 0.05, momentum: 0 };
      return call(tab, 'train', id, [...initialParameters(lenet.spec, 1)], order, local);
    };
    return { tab, train };
  }

  it('[EN7] [EN24] takes a step of lenet in few dispatches, and reads nothing back between steps', async () => {
    const { train } = await engineOfTab();
    const one = (await train(1)).counted;
    const ten = (await train(10)).counted;
    expect(ten.dispatches).toBe(10 * one.dispatches);
    expect(one.dispatches).toBeLessThan(20);
    expect(ten.reads).toBe(one.reads);
  });

  it('[EN6] refuses a batch that does not fit the adapter, and goes on', async () => {
    const { train } = await engineOfTab();
    const before = await train(2);
    await expect(train(1, 200_000)).rejects.toThrow(/webgpu: values takes \d+ bytes, the adapter has \d+/);
    expect((await train(2)).delta).toEqual(before.delta);
  });

  it('[EN6] rejects where memory is not to be had, and once its device is lost', async () => {
    const { tab, train } = await engineOfTab();
    await tab.evaluate(() => {
      const { popErrorScope } = Object.getOwnPropertyDescriptors(GPUDevice.prototype);
      GPUDevice.prototype.popErrorScope = function () {
        Object.defineProperty(GPUDevice.prototype, 'popErrorScope', popErrorScope);
        return this.popErrorScope().then(() => new GPUOutOfMemoryError('none left'));
      };
    });
    await expect(train(1, 64)).rejects.toThrow('webgpu: no memory: none left');
    await loseDevices(tab);
    await expect(train(1)).rejects.toThrow(/webgpu|device/i);
    await expect(train(1)).rejects.toThrow('webgpu: the device was lost');
  });
});
