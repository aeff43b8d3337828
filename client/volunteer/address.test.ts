import { describe, expect, it } from 'vitest';
import { defaultWorkers, readJoin, readPreferences } from './address.ts';

const AUTO = { engine: 'auto', workers: null, transport: 'auto', labels: {} };

describe('the address of the volunteer page', () => {
  it('chooses an engine itself where none is asked for', () => {
    expect(readPreferences('')).toEqual({ ...AUTO, notice: null });
    expect(readPreferences('?engine=auto')).toEqual({ ...AUTO, notice: null });
  });

  it.each(['webgpu', 'tfjs-webgl', 'tfjs-cpu'])('takes %s', (engine) => {
    expect(readPreferences(`?engine=${engine}`)).toEqual({ ...AUTO, engine, notice: null });
  });

  it.each(['WEBGPU', 'cuda', '', '<b>'])('names the unknown engine "%s" and chooses itself', (engine) => {
    const { engine: taken, notice } = readPreferences(`?engine=${encodeURIComponent(engine)}`);
    expect(taken).toBe('auto');
    expect(notice).toContain(`“${engine}”`);
    expect(notice).toContain('wasm, webgpu, tfjs-webgpu, tfjs-webgl, tfjs-cpu');
  });

  it('takes a number of workers, and names one that is none', () => {
    expect(readPreferences('?workers=3')).toEqual({ ...AUTO, workers: 3, notice: null });
    for (const bad of ['0', '33', '-1', '1.5', 'all', '']) {
      expect(readPreferences(`?workers=${bad}`)).toMatchObject({ workers: null });
      expect(readPreferences(`?workers=${bad}`).notice).toContain(`“${bad}” workers`);
    }
    expect(readPreferences('?workers=no&engine=no').notice).toMatch(/engine “no”.*“no” workers/);
  });

  it('takes a transport, and names one that does not exist', () => {
    expect(readPreferences('?transport=webrtc')).toEqual({ ...AUTO, transport: 'webrtc', notice: null });
    const { transport, notice } = readPreferences('?transport=carrier-pigeon');
    expect(transport).toBe('auto');
    expect(notice).toContain('“carrier-pigeon”');
  });

  it('takes labels, and names one that is none', () => {
    expect(readPreferences('?label=room:lab&label=owner:ada').labels).toEqual({ room: 'lab', owner: 'ada' });
    for (const bad of ['lab', ':lab', 'room:', 'room:the lab', 'room:a:b']) {
      const { labels, notice } = readPreferences(`?label=a:b&label=${encodeURIComponent(bad)}`);
      expect(labels).toEqual({});
      expect(notice).toContain(`“${bad}”`);
    }
    const many = Array.from({ length: 17 }, (_, index) => `label=a${index}:b`).join('&');
    expect(readPreferences(`?${many}`)).toMatchObject({
      labels: {},
      notice: expect.stringContaining('16') as string,
    });
  });

  it('leaves one core to the user of the device', () => {
    expect([1, 2, 8, 500].map(defaultWorkers)).toEqual([1, 1, 7, 31]);
  });

  it('reads the credential from the fragment', () => {
    expect(readJoin('')).toBe('');
    expect(readJoin('#join=abc123')).toBe('abc123');
    expect(readJoin('#other=1&join=a-b_c')).toBe('a-b_c');
  });
});
