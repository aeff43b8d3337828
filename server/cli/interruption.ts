/**
 * Resolves at the first Ctrl-C or request to end. Later ones are taken as impatience and change nothing: what is
 * being measured and kept is finished.
 */
export function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
}
