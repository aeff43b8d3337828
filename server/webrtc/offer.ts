/**
 * An offer without the candidates that are names: each would be looked up, and a name on the device's own network
 * means nothing here. The device reaches this server first, which then knows its address. Whatever ends its lines.
 */
export function withoutNames(offer: string): string {
  const isName = (line: string) => {
    const address = /^a=candidate:\S+ \d+ \S+ \d+ (\S+) /.exec(line)?.[1];
    return address !== undefined && !/^[\d.]+$|:/.test(address);
  };
  return offer
    .split(/\r\n|\r|\n/)
    .filter((line) => !isName(line))
    .join('\r\n');
}
