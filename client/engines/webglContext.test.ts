import { describe, expect, it } from 'vitest';
import { deferred } from '../device/testing/startDeviceClient.ts';
import { readingOf } from './webglContext.ts';

/** A backend whose context is lost by hand, and the event of it later. */
function backend() {
  const canvas = new EventTarget();
  let lost = false;
  const gl = {
    canvas,
    ALREADY_SIGNALED: 1,
    WAIT_FAILED: 2,
    isContextLost: () => lost,
    clientWaitSync: () => (lost ? gl.WAIT_FAILED : gl.ALREADY_SIGNALED),
  };
  return {
    gl,
    reading: readingOf({ gpgpu: { gl } }),
    lose: () => (lost = true),
    tell: () => canvas.dispatchEvent(new Event('webglcontextlost')),
  };
}

const LOST = 'the WebGL context was lost';

describe('a read of a WebGL backend', () => {
  it('gives what was read, or the reason why nothing was', async () => {
    const { reading } = backend();
    expect(await reading(Promise.resolve(7))).toBe(7);
    await expect(reading(Promise.reject(new Error('out of memory')))).rejects.toThrow('out of memory');
  });

  it('[EN21] that is waited for fails when the context is lost, and lets go of what tfjs waits for', async () => {
    const { gl, reading, lose, tell } = backend();
    const pending = reading(deferred<number>().promise);
    lose();
    tell();
    await expect(pending).rejects.toThrow(LOST);
    expect(gl.clientWaitSync()).toBe(gl.ALREADY_SIGNALED);
    await expect(reading(Promise.resolve(0))).rejects.toThrow(LOST);
  });

  it('[EN10] that gives zeros of a lost context, before anybody was told, is none', async () => {
    const { reading, lose } = backend();
    const read = deferred<number>();
    const pending = reading(read.promise);
    lose();
    read.resolve(0);
    await expect(pending).rejects.toThrow(LOST);
  });
});
