import { connect } from 'node:tls';

/** A server that takes longer to shake hands is left to the time limit of the connection. */
const TLS_MS = 5000;

/** Whether a server shows a certificate that it signed itself: the one flaw that is overlooked. */
export function isSelfSigned({ protocol, hostname, port }: URL): Promise<boolean> {
  if (protocol !== 'https:') return Promise.resolve(false);
  return new Promise((done) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port || 443), rejectUnauthorized: false }, () => {
      // Node leaves what is wrong with the certificate here, as text although the type says Error.
      done(String(socket.authorizationError) === 'DEPTH_ZERO_SELF_SIGNED_CERT');
      socket.destroy();
    });
    socket.setTimeout(TLS_MS, () => socket.destroy());
    // Whatever else is wrong, the connection fails with it again and reports it better.
    socket.on('error', () => done(false)).on('close', () => done(false));
  });
}
