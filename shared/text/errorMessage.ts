/** The message of an error and of its causes; never empty. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error) || 'no reason given';
  const own = error.message || error.name;
  return error.cause === undefined ? own : `${own}: ${errorMessage(error.cause)}`;
}
