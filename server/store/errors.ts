import { getSystemErrorMap } from 'node:util';

/** Something stored that cannot be kept or trusted; the message names the file or tensor and the fault. */
export class StoreError extends Error {
  override name = 'StoreError';
}

/** Something stored by another release, in a format that this one does not read: it may be whole. */
export class OtherFormatError extends StoreError {}

/** The message of an error; of one of the operating system, its description and code alone. */
export function systemErrorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  const [, words] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return words === undefined || code === undefined ? error.message : `${words} (${code})`;
}
