import { printable } from '../../shared/text/printable.ts';
import type { Refused } from './sockets.ts';

/** Anybody may send any header: after this many that differ, nothing more is logged or kept. */
const MAX_KEPT = 32;

/**
 * Logs each page that is turned away once, by its origin and the host that it asked for [PR8].
 * @param words what is wrong and what to change.
 */
export function logRefusals(
  log: (line: string) => void,
  words: (origin: string, host: string) => string,
): Refused {
  const told = new Set<string>();
  return (...headers) => {
    if (told.size > MAX_KEPT) return;
    const [origin = 'none', host = 'none'] = headers.map((header = 'none') => printable(header));
    const key = `${origin} ${host}`;
    if (told.has(key)) return;
    told.add(key);
    log(
      told.size > MAX_KEPT
        ? 'Refused pages of many origins; further ones are not listed.'
        : `Refused a page. ${words(origin, host)}`,
    );
  };
}
