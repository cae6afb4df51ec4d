import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../../packages/portlight/test/support/make-certificate.ts';
import { get } from '../../packages/portlight/test/support/raw-client.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { WorkersApp } from './workers-app.ts';

/** Files of a key and a certificate. */
interface Pair {
  readonly key: string;
  readonly cert: string;
}

interface Answer {
  readonly body: string;
  readonly isResumed: boolean;
  readonly session: Buffer;
  readonly name: string;
}

describe.skipIf(!hasOpenssl())('child processes that speak TLS', () => {
  let folder: TempFolder;
  let tls: Pair;
  let renewed: Pair;
  beforeAll(async () => {
    folder = await TempFolder.create();
    tls = await writePair('first.test');
    renewed = await writePair('second.test');
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  async function writePair(name: string): Promise<Pair> {
    const { key, cert } = await makeCertificate(name);
    const pair = { key: folder.at(`${name}.key`), cert: folder.at(`${name}.cert`) };
    await Promise.all([writeFile(pair.key, key), writeFile(pair.cert, cert)]);
    return pair;
  }

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('resume sessions of one another over %s', async (version) => {
    await using app = new WorkersApp({ at: 'tls://127.0.0.1', tls });
    const first = await ask(app, '/', { maxVersion: version });
    for (;;) {
      const next = await ask(app, '/', { maxVersion: version, session: first.session });
      expect(next.isResumed).toBe(true);
      if (next.body !== first.body) break;
    }
  });

  test('all have a certificate that one of them renews, those that come later as well', async () => {
    await using app = new WorkersApp({ at: 'tls://127.0.0.1', tls, renewed });
    expect(await ask(app, '/renew')).toMatchObject({ body: 'renewed', name: 'first.test' });
    const names = new Map<string, string>();
    while (names.size < 2) {
      const { body, name } = await ask(app, '/');
      if (name === 'second.test') names.set(body, name);
    }
    const [pid] = names.keys();
    process.kill(Number(pid), 'SIGKILL');
    while (names.size < 3) {
      const { body, name } = await ask(app, '/').catch(() => ({ body: String(pid), name: 'second.test' }));
      names.set(body, name);
    }
    expect([...names.values()]).toEqual(['second.test', 'second.test', 'second.test']);
  });

  /** One request on a connection of its own. */
  async function ask(app: WorkersApp, path: string, options: ConnectionOptions = {}): Promise<Answer> {
    const port = await app.port();
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    let session: Buffer = Buffer.alloc(0);
    socket.on('session', (latest: Buffer) => (session = latest));
    await once(socket, 'secureConnect');
    const isResumed = socket.isSessionReused();
    const name = String(socket.getPeerCertificate().subject?.CN);
    socket.write(get(path, 'connection: close'));
    let text = '';
    for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
    return { body: text.split('\r\n\r\n')[1] ?? '', isResumed, session, name };
  }
});
