/** Longer than any name of a host. */
const MAX_CHARACTERS = 260;

/** What others wrote, as a terminal or a log may be sent it: printable ASCII, cut where it is long. */
export function printable(text: string, maxCharacters = MAX_CHARACTERS): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > maxCharacters ? `${plain.slice(0, maxCharacters)}...` : plain;
}
