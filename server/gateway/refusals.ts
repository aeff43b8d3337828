import type { Refused } from './sockets.ts';

/** Anybody may send any header: after so many that differ, nothing more is logged or kept. */
const MOST_KEPT = 32;
/** Longer than any name of a host. */
const MOST_CHARACTERS = 260;

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
    if (told.size > MOST_KEPT) return;
    const [origin = 'none', host = 'none'] = headers.map(printable);
    const key = `${origin} ${host}`;
    if (told.has(key)) return;
    told.add(key);
    log(
      told.size > MOST_KEPT
        ? 'Refused pages of many origins; further ones are not listed.'
        : `Refused a page. ${words(origin, host)}`,
    );
  };
}

/** A header as a terminal may be sent it. */
function printable(header = 'none'): string {
  const plain = header.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}...` : plain;
}
