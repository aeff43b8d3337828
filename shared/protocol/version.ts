/** The version of everything in this folder. A peer of another version is answered WRONG_PROTOCOL. */
export const PROTOCOL_VERSION = 7;

/** The namespaces of the socket.io connection. */
export const NAMESPACES = {
  coordinator: '/coordinator',
  shards: '/shards',
  admin: '/admin',
} as const;
