/**
 * Why a page of this origin is turned away by a server that was asked for as this host, and what to do. Headers are
 * quoted as they came: take control characters out before printing this to a terminal.
 */
export function describeForeignOrigin(origin = 'none', host = 'none'): string {
  return (
    `The page is of ${origin}, but the server was asked for as ${host}: it takes requests of its own pages alone. ` +
    'A proxy in between has to pass the Host header as the browser sent it.'
  );
}
