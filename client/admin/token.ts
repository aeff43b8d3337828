/** The token in a fragment, in a pasted admin address, or pasted alone; empty where there is none. */
export function findToken(text: string): string {
  const trimmed = text.trim();
  const hash = trimmed.indexOf('#');
  if (hash >= 0) return new URLSearchParams(trimmed.slice(hash + 1)).get('token') ?? '';
  if (trimmed.startsWith('token=')) return new URLSearchParams(trimmed).get('token') ?? '';
  return /^https?:/i.test(trimmed) ? '' : trimmed;
}

/** Takes the token out of the address bar, so that neither the history nor a screenshot keeps it. */
export function takeToken(): string {
  const token = location.hash ? findToken(location.hash) : '';
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
