import { describe, expect, it } from 'vitest';
import type { Engine } from '../../shared/engine/engine.ts';
import { noiseShard } from './testing/contract.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { Arithmetic, EngineName } from '../../shared/profile/profile.ts';
import { later } from '../transport/later.ts';
import { MODEL } from '../device/testing/fakeServer.ts';
import { settled } from '../device/testing/startDeviceClient.ts';
import { EngineSelection } from './select.ts';
import type { Candidate, EngineSupply } from './supply.ts';

/** What an engine of the device is like. */
type Kind = 'right' | 'wrong' | 'absent' | { msAStep: number };

const LATER_MS = 60_000;

/** A device with these engines, on a clock that only training moves; the engines compute, or seem to. */
class FakeDevice {
  readonly #kinds: Partial<Record<EngineName, Kind>>;
  readonly loaded: EngineName[] = [];
  /** The arithmetic that each was to have. */
  readonly asked: Arithmetic[] = [];
  readonly disposed: EngineName[] = [];
  readonly notes: (string | null)[] = [];
  clock = 0;

  constructor(kinds: Partial<Record<EngineName, Kind>>) {
    this.#kinds = kinds;
  }

  begin(asked: EngineName | 'auto' = 'auto', arithmetic: Arithmetic = 'fastest'): Promise<EngineSelection> {
    return EngineSelection.begin({
      spec: MODEL,
      arithmetic,
      asked,
      supply: this.#supply,
      clock: { now: () => this.clock, after: later },
      changed: (_engine, note) => this.notes.push(note),
    });
  }

  get #supply(): EngineSupply {
    const named = (prefix: boolean) =>
      (Object.keys(this.#kinds) as EngineName[])
        .filter((name) => name.startsWith('tfjs-') === prefix)
        .map((name): Candidate => ({ name, load: (_spec, arithmetic) => this.#load(name, arithmetic) }));
    return { fused: named(false), tfjs: () => Promise.resolve(named(true)) };
  }

  async #load(name: EngineName, arithmetic: Arithmetic): Promise<Engine> {
    this.loaded.push(name);
    this.asked.push(arithmetic);
    const kind = this.#kinds[name];
    if (kind === 'absent') throw new Error('no adapter');
    const engine = await createWasmEngine(MODEL);
    return {
      name,
      detail: 'fake',
      software: false,
      hold: (shard) => engine.hold(shard),
      gradient: async (parameters, order) => {
        const { gradient, loss } = await engine.gradient(parameters, order);
        return { gradient: kind === 'wrong' ? gradient.map((value) => -value) : gradient, loss };
      },
      train: (parameters, order, local) => {
        if (typeof kind === 'object') this.clock += (kind.msAStep * order.length) / local.batch;
        return engine.train(parameters, order, local);
      },
      evaluate: (parameters) => engine.evaluate(parameters),
      dispose: () => this.disposed.push(name),
    };
  }
}

const WORK = {
  parameters: initialParameters(MODEL, 1),
  data: noiseShard(MODEL, 4, 1),
  order: Uint32Array.of(0, 1, 2, 3),
  local: { batch: 1, lr: 0.1, momentum: 0 },
};

/** Has another engine tried and compared, as the units of a long run would. */
async function reconsidered(device: FakeDevice, selection: EngineSelection): Promise<boolean> {
  device.clock += LATER_MS;
  await selection.reconsider(WORK);
  // What is tried is loaded first, and something came of every trial in the end.
  await expect.poll(() => selection.trials.length).toBeGreaterThanOrEqual(new Set(device.loaded).size);
  await settled();
  return selection.reconsider(WORK);
}

describe('choosing an engine', () => {
  it('[EN2] says of a device without an engine that the list of the others could not be loaded', async () => {
    const begun = EngineSelection.begin({
      spec: MODEL,
      arithmetic: 'fastest',
      asked: 'auto',
      supply: { fused: [], tfjs: () => Promise.reject(new Error('Failed to fetch the module')) },
      clock: { now: () => 0, after: later },
    });
    await expect(begun).rejects.toThrow(
      'no engine works here: tfjs could not be loaded: Failed to fetch the module',
    );
  });

  it('[EN1] trains at once on the first fused engine, and loads no other', async () => {
    const device = new FakeDevice({ wasm: 'right', webgpu: 'right', 'tfjs-cpu': 'right' });
    const selection = await device.begin();
    expect(selection.engine.name).toBe('wasm');
    expect(device.loaded).toEqual(['wasm']);
    expect(device.notes).toEqual([null]);
  });

  it('[EN12] loads tfjs only where no fused engine is right', async () => {
    const device = new FakeDevice({ wasm: 'wrong', webgpu: 'absent', 'tfjs-cpu': 'right' });
    const selection = await device.begin();
    expect(selection.engine.name).toBe('tfjs-cpu');
    expect(device.loaded).toEqual(['wasm', 'webgpu', 'tfjs-cpu']);
  });

  it('[EN9] where a run is strict, takes and tries only what can be, and says why not what is asked for', async () => {
    const device = new FakeDevice({ webgpu: 'right', wasm: 'right', 'tfjs-cpu': 'right' });
    const selection = await device.begin('webgpu', 'strict');
    expect(selection.engine.name).toBe('wasm');
    expect(device.notes).toEqual([
      'webgpu failed: this run is repeatable, and it does not give the same bits on every machine',
    ]);
    await reconsidered(device, await device.begin('auto', 'strict'));
    expect(device.loaded).toEqual(['wasm', 'wasm']);
    expect(device.asked).toEqual(['strict', 'strict']);
  });

  it('[EN19] where a run is strict, what can be failing is the end, with the reason in a sentence', async () => {
    const device = new FakeDevice({ wasm: 'absent', webgpu: 'right', 'tfjs-cpu': 'right' });
    const begun = device.begin('auto', 'strict');
    await expect(begun).rejects.toThrow(
      'this run is repeatable, which takes WebAssembly with SIMD, and that does not work here: wasm failed: no adapter',
    );
    await expect(begun).rejects.toMatchObject({ trials: [{ name: 'wasm', verdict: 'failed' }] });
    expect(device.loaded).toEqual(['wasm']);
  });

  it('[EN2] takes the one that is asked for', async () => {
    const device = new FakeDevice({ wasm: 'right', 'tfjs-cpu': 'right' });
    expect((await device.begin('tfjs-cpu')).engine.name).toBe('tfjs-cpu');
    expect(device.loaded).toEqual(['tfjs-cpu']);
  });

  it('[EN2] takes another where the one that is asked for is not here or fails, and says why', async () => {
    const device = new FakeDevice({ wasm: 'right', webgpu: 'absent' });
    expect((await device.begin('webgpu')).engine.name).toBe('wasm');
    expect((await device.begin('tfjs-webgl')).engine.name).toBe('wasm');
    expect(device.notes).toEqual(['webgpu failed: no adapter', 'tfjs-webgl failed: not here']);
  });

  it('[EN2] gives every reason where none works', async () => {
    const device = new FakeDevice({ wasm: 'absent', webgpu: 'absent' });
    await expect(device.begin()).rejects.toThrow(
      'no engine works here: wasm failed: no adapter; webgpu failed: no adapter',
    );
  });

  it('[EN15] does not use an engine that gives a wrong answer, and reports it', async () => {
    const device = new FakeDevice({ wasm: 'wrong', webgpu: 'right' });
    const selection = await device.begin();
    expect(selection.engine.name).toBe('webgpu');
    expect(device.disposed).toEqual(['wasm']);
    expect(selection.trials.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'wasm wrong',
      'webgpu right',
    ]);
    expect(selection.trials[0]?.reason).toMatch(/^gradient of 1\.dense\.kernel is off by 2\.0/);
  });
});

describe('calibration', () => {
  it('[EN5] leaves a young run alone', async () => {
    const device = new FakeDevice({ wasm: { msAStep: 1 }, webgpu: { msAStep: 0.5 } });
    const selection = await device.begin();
    expect(await selection.reconsider(WORK)).toBe(false);
    expect(device.loaded).toEqual(['wasm']);
  });

  it('[EN17] goes on with the fastest right engine', async () => {
    const device = new FakeDevice({ wasm: { msAStep: 4 }, webgpu: { msAStep: 1 } });
    const selection = await device.begin();
    expect(await reconsidered(device, selection)).toBe(true);
    expect(selection.engine.name).toBe('webgpu');
    expect(device.disposed).toEqual(['wasm']);
    expect(selection.trials.map(({ samplesPerSecond }) => samplesPerSecond)).toEqual([250, 1000]);
  });

  it('[EN17] drops a slower one by measurement, and measures it once', async () => {
    const device = new FakeDevice({ wasm: { msAStep: 1 }, webgpu: { msAStep: 900 } });
    const selection = await device.begin();
    expect(await reconsidered(device, selection)).toBe(true);
    expect(selection.engine.name).toBe('wasm');
    expect(device.disposed).toEqual(['webgpu']);
    expect(await reconsidered(device, selection)).toBe(false);
    expect(device.loaded).toEqual(['wasm', 'webgpu']);
  });

  it('[EN5] [EN4] a wrong one is reported and not timed', async () => {
    const device = new FakeDevice({ wasm: { msAStep: 4 }, webgpu: 'wrong' });
    const selection = await device.begin();
    await reconsidered(device, selection);
    expect(selection.engine.name).toBe('wasm');
    expect(selection.trials[1]).toMatchObject({ name: 'webgpu', verdict: 'wrong', samplesPerSecond: null });
  });

  it('[EN5] tries no other where one was asked for', async () => {
    const device = new FakeDevice({ wasm: { msAStep: 4 }, webgpu: { msAStep: 1 } });
    const selection = await device.begin('wasm');
    await reconsidered(device, selection);
    expect(device.loaded).toEqual(['wasm']);
  });
});

describe('an engine that fails at work', () => {
  it('[EN6] gives way to one that was found right before, though a faster one had taken its place', async () => {
    const device = new FakeDevice({ wasm: { msAStep: 4 }, webgpu: { msAStep: 1 } });
    const selection = await device.begin();
    await reconsidered(device, selection);
    expect(selection.engine.name).toBe('webgpu');
    await selection.failed('the device was lost');
    expect(selection.engine.name).toBe('wasm');
    expect(device.loaded).toEqual(['wasm', 'webgpu', 'wasm']);
  });

  it('[EN6] gives way to the next right one, and is reported', async () => {
    const device = new FakeDevice({ wasm: 'right', webgpu: 'right' });
    const selection = await device.begin();
    await selection.failed('out of memory');
    expect(selection.engine.name).toBe('webgpu');
    expect(device.notes.at(-1)).toBe('wasm failed: out of memory');
    await expect(selection.failed('the device was lost')).rejects.toThrow('no engine works here');
  });
});
