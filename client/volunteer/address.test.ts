import { describe, expect, it } from 'vitest';
import { readJoin, readWishes } from './address.ts';

describe('the address of the volunteer page', () => {
  it('chooses an engine itself where none is asked for', () => {
    expect(readWishes('')).toEqual({ engine: 'auto', notice: null });
    expect(readWishes('?engine=auto')).toEqual({ engine: 'auto', notice: null });
  });

  it.each(['webgpu', 'tfjs-webgl', 'tfjs-cpu'])('takes %s', (engine) => {
    expect(readWishes(`?engine=${engine}`)).toEqual({ engine, notice: null });
  });

  it.each(['WEBGPU', 'cuda', '', '<b>'])('names the unknown engine "%s" and chooses itself', (engine) => {
    const { engine: taken, notice } = readWishes(`?engine=${encodeURIComponent(engine)}`);
    expect(taken).toBe('auto');
    expect(notice).toContain(`“${engine}”`);
    expect(notice).toContain('wasm, webgpu, tfjs-webgpu, tfjs-webgl, tfjs-cpu');
  });

  it('reads the credential from the fragment', () => {
    expect(readJoin('')).toBe('');
    expect(readJoin('#join=abc123')).toBe('abc123');
    expect(readJoin('#other=1&join=a-b_c')).toBe('a-b_c');
  });
});
