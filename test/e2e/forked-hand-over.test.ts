import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../../packages/portlight/test/support/make-certificate.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { WorkersApp } from './workers-app.ts';

const CLOSE = 'connection: close';
const MEBIBYTE = 1_048_576;

/** How a client gets to its child, and how where Node does not let the primary stop reading. */
const WAYS = [
  ['with its first bytes', []],
  ['unread', ['--import', './fixtures/without-read-stop.mjs']],
] as const;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function sendInPieces(client: RawClient, text: string, size: number): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    client.send(text.slice(at, at + size));
    await turn();
  }
}

describe.each(WAYS)('a client that is handed over %s', (how, args) => {
  let app: WorkersApp;
  let port: number;
  beforeAll(async () => {
    app = new WorkersApp({ mode: 'forked', size: 10, maxBodyBytes: 8 * MEBIBYTE }, args);
    port = await app.port();
  }, 30_000);
  afterAll(() => app[Symbol.asyncDispose]());

  test('has a child from then on', async () => {
    await using silent = await RawClient.open(port);
    const before = how === 'unread' ? 1 : 0;
    // With the one that answers this.
    await app.settled((workers) => workers.reduce((sum, { connections }) => sum + connections, 0) === before + 1);
    expect((await silent.send(get('/')).response()).status).toBe(200);
    await app.settled((workers) => workers.reduce((sum, { connections }) => sum + connections, 0) === 2);
  });

  test.each([1, 7, 70_000])('loses nothing of a body that comes in pieces of %i bytes', async (size) => {
    const length = Math.min(5_000_000, size * 2_000);
    await using client = await RawClient.open(port);
    await sendInPieces(client, request('POST', '/length', [CLOSE], 'x'.repeat(length)), size);
    expect((await client.response()).body).toBe(String(length));
  });

  test('loses nothing of eight bodies of 5 MB at once', async () => {
    const body = 'y'.repeat(5_000_000);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await using client = await RawClient.open(port);
        client.send(request('POST', '/length', [CLOSE], body));
        expect((await client.response()).body).toBe('5000000');
      }),
    );
  });

  test('has requests behind each other answered in their order', async () => {
    await using client = await RawClient.open(port);
    const paths = Array.from({ length: 40 }, (_unused, index) => (index % 2 === 0 ? '/' : '/place'));
    client.send(paths.map((path) => get(path)).join(''));
    const bodies = (await client.responses(40)).map(({ body }) => body);
    expect(new Set(bodies.filter((_body, index) => index % 2 === 0)).size).toBe(1);
    expect(bodies.filter((body, index) => body.includes('isConnected') === (index % 2 === 1))).toHaveLength(40);
  });

  test('is answered what it asked wrongly, and that its request is no request', async () => {
    await using client = await RawClient.open(port);
    client.send('no request at all\r\n\r\n');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('is answered after it has closed its side', async () => {
    await using client = await RawClient.open(port);
    client.send(get('/')).sendFin();
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a client that is refused', () => {
  test('gets its answer, however much it sends', async () => {
    await using app = new WorkersApp({ mode: 'forked', size: 1, maxQueued: 0 });
    const port = await app.port();
    await using busy = await RawClient.open(port);
    busy.send(get('/block/60000'));
    await app.said('block begun');
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await using client = await RawClient.open(port);
        client.send(request('POST', '/length', [], 'z'.repeat(900_000)));
        expect((await client.response()).status).toBe(503);
        await client.ended();
      }),
    );
  });
});

describe.skipIf(!hasOpenssl())('over TLS', () => {
  let folder: TempFolder;
  let tls: { readonly key: string; readonly cert: string };
  beforeAll(async () => {
    folder = await TempFolder.create();
    const { key, cert } = await makeCertificate('forked.test');
    tls = { key: folder.at('key'), cert: folder.at('cert') };
    await Promise.all([writeFile(tls.key, key), writeFile(tls.cert, cert)]);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test.each(WAYS)('a client is handed over %s, however its hello is cut', async (_how, args) => {
    await using app = new WorkersApp(
      { mode: 'forked', size: 4, at: 'tls://127.0.0.1', tls, maxBodyBytes: 8 * MEBIBYTE },
      args,
    );
    const port = await app.port();
    for (const size of [1, 5, 300]) {
      const socket = connectTls({ socket: cutting(connect(port, '127.0.0.1'), size), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      socket.write(request('POST', '/length', [CLOSE], 'x'.repeat(2_000)));
      const answer = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
      expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n2000$/);
    }
    const whole = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    whole.write(request('POST', '/length', [CLOSE], 'x'.repeat(5_000_000)));
    expect(Buffer.concat((await whole.toArray()) as Buffer[]).toString()).toMatch(/\r\n\r\n5000000$/);
  });
});

/** A socket that sends what is written to it in pieces, one in each turn of the loop. */
function cutting(socket: Socket, size: number): Duplex {
  socket.setNoDelay(true);
  const duplex = new Duplex({
    read() {
      socket.resume();
    },
    write(bytes: Buffer, _encoding, done) {
      void (async () => {
        for (let at = 0; at < bytes.length; at += size) {
          socket.write(bytes.subarray(at, at + size));
          await turn();
        }
      })().then(() => done(), done);
    },
    final(done) {
      socket.end(done);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (bytes: Buffer) => duplex.push(bytes) || socket.pause());
  socket.on('end', () => duplex.push(null));
  socket.on('error', (error) => duplex.destroy(error));
  return duplex;
}
