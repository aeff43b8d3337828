/** What of a WebGL backend of tfjs holds its context. */
interface WebGlBackend {
  gpgpu: { gl: WebGL2RenderingContext & { canvas: EventTarget } };
}

/** A result that was read from the device, unless it was lost meanwhile. */
export type Reading = <Value>(read: Promise<Value>) => Promise<Value>;

/**
 * Reads of a WebGL backend that fail when its context is lost [EN10]: its own wait forever then, or give zeros.
 * @throws {Error} by the reading, from the loss on.
 */
export function readingOf(backend: unknown): Reading {
  const { gl } = (backend as WebGlBackend).gpgpu;
  const error = new Error('the WebGL context was lost');
  const lost = new Promise<never>((_resolve, reject) => {
    gl.canvas.addEventListener('webglcontextlost', () => {
      // What tfjs waits for never comes: it would ask again and again, for as long as the page is open.
      gl.clientWaitSync = () => gl.ALREADY_SIGNALED;
      reject(error);
    });
  });
  // It may be lost while nothing is read.
  lost.catch(() => undefined);
  return async (read) => {
    const value = await Promise.race([lost, read]);
    // The event comes later than zeros may.
    if (gl.isContextLost()) throw error;
    return value;
  };
}
