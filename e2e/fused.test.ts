import { afterAll, describe, expect, it } from 'vitest';
import { unitOrder } from '../shared/engine/batch.ts';
import { engineContract, noiseShard } from '../shared/engine/testing/contract.ts';
import { initialParameters } from '../shared/model/initialise.ts';
import { lenet } from '../shared/model/zoo/lenet.ts';
import { call, openEnginePage, remoteEngine } from './support/remoteEngine.ts';
import { openBrowser } from './support/tabs.ts';
import { Cleanup } from './support/testServer.ts';

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const page = openBrowser(cleanup).then((browser) => openEnginePage(cleanup, browser));

engineContract(
  'the fused engine of WebGPU in a tab',
  async (spec) => remoteEngine(await page, 'webgpu', spec),
  {
    long: true,
  },
);
engineContract(
  'the fused engine of WebAssembly in a tab',
  async (spec) => remoteEngine(await page, 'wasm', spec),
  {
    long: false,
  },
);

describe('the fused engine of WebGPU', () => {
  it('[EN7] takes a step of lenet in few dispatches, and reads nothing back between steps', async () => {
    const tab = await page;
    const { id } = await call(tab, 'create', 'webgpu', lenet.spec);
    const shard = noiseShard(lenet.spec, 16, 3);
    const { samples, shape } = shard;
    await call(tab, 'hold', id, { samples, shape, images: [...shard.images], labels: [...shard.labels] });
    const train = (steps: number) => {
      const order = [...unitOrder(1, 16, 4 * steps)];
      const local = { batch: 4, lr: 0.05, momentum: 0 };
      return call(tab, 'train', id, [...initialParameters(lenet.spec, 1)], order, local);
    };
    const [one, ten] = [(await train(1)).counted, (await train(10)).counted];
    expect(ten.dispatches).toBe(10 * one.dispatches);
    expect(one.dispatches).toBeLessThan(20);
    expect(ten.reads).toBe(one.reads);
  });
});
