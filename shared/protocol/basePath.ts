/*
 * Where a server is: at the root of its host, or below a path that a reverse proxy cuts off. Everything of it, pages,
 * data shards and sockets, has its path below that base.
 */

/** The base of the server that an address leads to: without query and fragment, and with a slash at the end. */
export function baseOf(address: string | URL): URL {
  const base = new URL(address);
  base.search = '';
  base.hash = '';
  // No request may carry them in its address.
  base.username = '';
  base.password = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** An absolute path of a server as the protocol has it, for instance `/data/1f.bin`, below the server's base. */
export function below(base: string | URL, path: string): URL {
  const address = baseOf(base);
  address.pathname += path.slice(1);
  return address;
}

/** Path of the sockets of the server at a base. */
export function socketPath(base: string | URL): string {
  return below(base, '/socket.io/').pathname;
}
