import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { HttpServer, type ServerOptions } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { type Certificate, hasOpenssl, makeCertificate } from '../support/make-certificate.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { get, RawClient } from '../support/raw-client.ts';

let first: Certificate;
let second: Certificate;

interface Open extends AsyncDisposable {
  readonly server: HttpServer;
  readonly port: number;
  readonly log: RecordingLogger;
}

async function openTls(register: (server: HttpServer) => unknown, options: ServerOptions = {}): Promise<Open> {
  const log = new RecordingLogger();
  const server = new HttpServer('tls://127.0.0.1', 0, { tls: first, ...options }).debug(log);
  register(server);
  await server.start();
  return {
    server,
    log,
    port: server.getAddress().port,
    [Symbol.asyncDispose]: async () => void (await server.shutdown({ timeoutMs: 0 })),
  };
}

/** A connection whose handshake is done. */
async function handshake(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** What comes until the server closes. */
async function readAll(socket: TLSSocket): Promise<string> {
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
  return text;
}

const ask = (socket: TLSSocket, path = '/'): Promise<string> => {
  socket.write(get(path, 'connection: close'));
  return readAll(socket);
};

describe.skipIf(!hasOpenssl())('a server at tls://', { timeout: 20_000 }, () => {
  beforeAll(async () => {
    [first, second] = await Promise.all([makeCertificate('first.test'), makeCertificate('second.test')]);
  });

  test('serves https, to a client that checks the certificate', async () => {
    await using open = await openTls((app) => app.get('/', (request) => request.url.href));
    const body = deferred<string>();
    httpsRequest(
      { port: open.port, host: '127.0.0.1', ca: first.cert, agent: false, headers: { host: 'first.test:1' } },
      (response) => {
        response.setEncoding('utf8').once('data', body.resolve);
      },
    )
      .on('error', body.reject)
      .end();
    expect(await body.promise).toBe('https://first.test:1/');
  });

  test('keeps the connection, and knows its client', async () => {
    await using open = await openTls((app) => app.get('/', (request) => `${request.ip} ${request.client.port}`));
    const socket = await handshake(open.port);
    const port = socket.localPort;
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.write(get('/'));
    await once(socket, 'data');
    expect(await ask(socket)).toContain(`127.0.0.1 ${port}`);
    expect(open.server.getAddress()).toEqual({ address: '127.0.0.1', port: open.port });
  });

  test('speaks http/1.1 to whoever offers h2 too, and nothing older than TLS 1.2', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'));
    const socket = await handshake(open.port, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(
      handshake(open.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
    ).rejects.toMatchObject({ code: expect.any(String) as string });
  });

  test('shows another certificate after setCertificate, and keeps what is open', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'));
    const before = await handshake(open.port);
    open.server.setCertificate(second);
    const after = await handshake(open.port);
    const names = [before, after].map((socket) => socket.getPeerCertificate().subject.CN);
    expect(names).toEqual(['first.test', 'second.test']);
    expect([await ask(before), await ask(after)]).toEqual([
      expect.stringContaining('200 OK'),
      expect.stringContaining('200 OK'),
    ]);
  });

  test('lets in only who has a good certificate, where it asks for one', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'), {
      tls: { ...first, requestCert: true, ca: second.cert },
    });
    expect(await ask(await handshake(open.port, second))).toContain('200 OK');
    for (const bad of [{}, first])
      expect(
        await handshake(open.port, bad)
          .then((socket) => ask(socket))
          .catch(() => ''),
      ).toBe('');
    expect(open.log.at('error')).toEqual([]);
  });

  test('keeps a set certificate over a new start', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'));
    open.server.setCertificate(second);
    await open.server.shutdown();
    await open.server.start();
    const socket = await handshake(open.server.getAddress().port);
    expect(socket.getPeerCertificate().subject.CN).toBe('second.test');
    socket.destroy();
  });

  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['no key', () => ({ cert: first.cert })],
    ['no certificate', () => ({ key: first.key })],
    ['nonsense', () => ({ key: 'x', cert: 'y' })],
    ['the key of another', () => ({ key: second.key, cert: first.cert })],
  ])('refuses a certificate that is %s, and serves on', async (_what, options) => {
    await using open = await openTls((app) => app.get('/', () => 'x'));
    expect(() => open.server.setCertificate(options() as Certificate)).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
    expect(await ask(await handshake(open.port))).toContain('200 OK');
    if (options() !== undefined)
      expect(() => new HttpServer('tls://127.0.0.1', 0, { tls: options() as Certificate })).toThrow(
        expect.objectContaining({ name: 'ConfigError' }),
      );
  });

  test.each(['GET / HTTP/1.1\r\nhost: x\r\n\r\n', '\0\0\0\0\0\0', '\x16\x03\x01\xff\xff'.padEnd(4_000, '\xff')])(
    'closes a connection that speaks something else (%j)',
    async (bytes) => {
      await using open = await openTls((app) => app.get('/', () => 'x'), { headersTimeoutMs: 1_000 });
      await using client = await RawClient.open(open.port);
      expect(await client.send(bytes).ended()).not.toContain('HTTP');
      expect(await ask(await handshake(open.port))).toContain('200 OK');
      expect(open.log.at('error')).toEqual([]);
    },
  );

  test('closes a connection whose handshake never comes', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'), { headersTimeoutMs: 300 });
    await using client = await RawClient.open(open.port);
    const startedAt = performance.now();
    await client.ended();
    expect(performance.now() - startedAt).toBeGreaterThan(250);
  });

  test('lives on when a hundred clients go away in the handshake', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'), { maxConnections: 50 });
    for (let round = 0; round < 100; round++) {
      const client = await RawClient.open(open.port);
      client.send('\x16\x03\x01\x02\x00').reset();
    }
    await expect.poll(async () => ask(await handshake(open.port)).catch(() => '')).toContain('200 OK');
    expect(open.log.at('error')).toEqual([]);
  });

  test('counts a handshake as a connection', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'), { maxConnections: 1 });
    const client = await RawClient.open(open.port);
    await using beyond = await RawClient.open(open.port);
    await beyond.ended();
    await client[Symbol.asyncDispose]();
    await expect
      .poll(() =>
        handshake(open.port).then(
          (socket) => ask(socket),
          () => '',
        ),
      )
      .toContain('200 OK');
  });

  test('drains: an open handshake goes at once, a request is answered, an idle connection closed', async () => {
    const begun = deferred();
    const gate = deferred();
    await using open = await openTls((app) =>
      app.get('/', async () => {
        begun.resolve();
        await gate.promise;
        return 'done';
      }),
    );
    await using shaking = await RawClient.open(open.port);
    const idle = await handshake(open.port);
    const idleEnd = readAll(idle);
    const busy = await handshake(open.port);
    busy.write(get('/'));
    const answer = readAll(busy);
    await begun.promise;
    const report = open.server.shutdown({ timeoutMs: 5_000 });
    await shaking.ended();
    expect(await idleEnd).toBe('');
    gate.resolve();
    expect(await answer).toMatch(/connection: close[^]*done$/i);
    expect(await report).toMatchObject({ forced: 0 });
  });

  test('closes a silent client, and one that never reads', async () => {
    await using open = await openTls((app) => app.get('/', () => 'x'.repeat(64 * 1_048_576)).setTimeout(0.3), {
      writeTimeoutMs: 400,
    });
    const silent = await handshake(open.port);
    const greedy = await handshake(open.port);
    greedy.on('error', () => undefined);
    greedy.write(get('/'));
    greedy.pause();
    expect(await readAll(silent)).toBe('');
    const report = await open.server.shutdown({ timeoutMs: 5_000 });
    expect(report.forced).toBe(0);
    greedy.destroy();
  });
});

test('tls:// without a certificate is refused at once', () => {
  expect(() => new HttpServer('tls://127.0.0.1', 0)).toThrow(expect.objectContaining({ name: 'ConfigError' }));
  expect(() => new HttpServer('127.0.0.1', 0).setCertificate({ key: '', cert: '' })).toThrow(
    expect.objectContaining({ name: 'ConfigError' }),
  );
});
