import { connect, createServer } from 'node:net';

/** Each family by itself: the address that stands for all others of it, and its loopback. */
const FAMILIES = [
  { any: '0.0.0.0', loopback: '127.0.0.1' },
  { any: '::', loopback: '::1' },
] as const;

/**
 * Whether nothing listens on the port, on IPv4 or IPv6, whatever its address.
 *
 * Another process may take the port right after: `start` is what decides.
 */
export async function isPortFree(port: number): Promise<boolean> {
  for (const { any, loopback } of FAMILIES) {
    const code = await tryToListen(any, port);
    if (code === 'EADDRINUSE') return false;
    // This user may not listen there, so the port itself has to say whether somebody does.
    if (code === 'EACCES' && (await answers(loopback, port))) return false;
  }
  return true;
}

/**
 * The code of the error; `undefined` when it could. A machine without IPv6 fails in a way of its own, which says
 * nothing.
 */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    probe.listen({ host, port, exclusive: true, ipv6Only: true }, () => probe.close(() => resolve(undefined)));
  });
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host, port });
    probe.once('error', () => resolve(false));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}
