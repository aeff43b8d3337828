/** What an error says, and with it what caused it; never nothing. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error) || 'no reason given';
  const own = error.message || error.name;
  return error.cause === undefined ? own : `${own}: ${reasonOf(error.cause)}`;
}
