import { once } from 'node:events';
import { connect } from 'node:tls';
import { readResponses } from '../../../packages/portlight/test/support/read-responses.ts';

export interface TlsAnswer {
  /** The pid of the process that answered. */
  readonly process: number;
  /** Whether the session that was given was taken up. */
  readonly isResumed: boolean;
  /** To be taken up later. */
  readonly session: Buffer;
}

/** Asks once over TLS, with a session of before if there is one. */
export async function askByTls(port: number, cert: string, session?: Buffer): Promise<TlsAnswer> {
  const resumed = session === undefined ? {} : { session };
  const socket = connect({ host: '127.0.0.1', port, ca: cert, servername: 'app.test', ...resumed });
  const sessions = session === undefined ? once(socket, 'session') : [session];
  await once(socket, 'secureConnect');
  const isResumed = socket.isSessionReused();
  socket.write('GET /process HTTP/1.1\r\nhost: app.test\r\nconnection: close\r\n\r\n');
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk;
  const [answer] = readResponses(text).complete;
  return {
    process: Number(answer?.headers.get('x-process')),
    isResumed,
    session: ((await sessions) as [Buffer])[0],
  };
}
