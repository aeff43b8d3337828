import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineName } from '../../shared/profile/profile.ts';
import { FakeEngine, MODEL } from '../worker/testing/fakeServer.ts';
import { probeEngines, type EngineProbe } from './probe.ts';
import { selectEngine } from './select.ts';
import { createTfjsEngine } from './tfjs.ts';

vi.mock(import('./probe.ts'));
vi.mock(import('./tfjs.ts'));

const probe = (name: EngineName): EngineProbe => ({ name, detail: '', software: false });
const broken = new Set<EngineName>();

/** Asks for an engine; says in which order engines were tried, and the note. */
async function select(asked: EngineName | 'auto') {
  const { note } = await selectEngine(MODEL, asked);
  return { tried: vi.mocked(createTfjsEngine).mock.calls.map(([, { name }]) => name), note };
}

beforeEach(() => {
  broken.clear();
  vi.mocked(probeEngines).mockResolvedValue([probe('webgpu'), probe('webgl'), probe('cpu')]);
  vi.mocked(createTfjsEngine)
    .mockReset()
    .mockImplementation((_spec, { name }) =>
      broken.has(name) ? Promise.reject(new Error('no shader')) : Promise.resolve(new FakeEngine()),
    );
});

describe('choosing an engine', () => {
  it('[EN1] takes the best there is', async () => {
    expect(await select('auto')).toEqual({ tried: ['webgpu'], note: null });
  });

  it('[EN2] takes the one that is asked for', async () => {
    expect(await select('cpu')).toEqual({ tried: ['cpu'], note: null });
  });

  it('[EN2] takes the next where one fails, and says why', async () => {
    broken.add('webgpu').add('webgl');
    const note = 'webgpu failed: no shader; webgl failed: no shader';
    expect(await select('auto')).toEqual({ tried: ['webgpu', 'webgl', 'cpu'], note });
  });

  it('[EN2] takes the best of the others where the one that is asked for fails', async () => {
    broken.add('webgl');
    expect(await select('webgl')).toEqual({ tried: ['webgl', 'webgpu'], note: 'webgl failed: no shader' });
  });

  it('[EN2] takes the best where the one that is asked for is not here, and says so', async () => {
    vi.mocked(probeEngines).mockResolvedValue([probe('cpu')]);
    expect(await select('webgpu')).toEqual({ tried: ['cpu'], note: 'webgpu is not available here' });
  });

  it('[EN2] gives every reason where none works', async () => {
    broken.add('webgpu').add('webgl').add('cpu');
    await expect(select('auto')).rejects.toThrow(
      'no engine works here: webgpu failed: no shader; webgl failed: no shader; cpu failed: no shader',
    );
  });
});
