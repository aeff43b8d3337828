/** Something stored that cannot be kept or trusted; the message names the file or tensor and the fault. */
export class StoreError extends Error {
  override name = 'StoreError';
}

/** What an unknown rejection says of itself. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
