import { once } from 'node:events';
import { connect as connectUnix, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Edge } from '../../src/socket/edge.ts';
import { hasOpenssl, makeCertificate } from '../support/make-certificate.ts';
import { openEdge } from '../support/open-edge.ts';
import { get, RawClient, request } from '../support/raw-client.ts';
import { readResponses } from '../support/read-responses.ts';
import { TempFolder } from '../support/temp-folder.ts';
import type { TestRouter } from '../support/test-router.ts';

const app = (router: TestRouter): unknown =>
  router.get('/', () => 'x').post('/echo', async (each) => `${each.ip} ${await each.text()}`);

/** Reads the first bytes of a socket as somebody would who decides by them, and then lets the edge have it. */
function feedBehind(bytes: number): (edge: Edge, socket: Socket) => void {
  return (edge, socket) => {
    const read: Buffer[] = [];
    const onData = (chunk: Buffer): void => {
      read.push(chunk);
      const all = Buffer.concat(read);
      if (all.byteLength < bytes) return;
      socket.off('data', onData);
      socket.pause();
      socket.unshift(all);
      edge.take(socket);
    };
    socket.on('data', onData);
  };
}

describe('an edge without a listener', () => {
  test('has no server, does not listen, and says so', async () => {
    await using open = await openEdge(app);
    expect([open.edge.server, open.edge.isListening]).toEqual([undefined, false]);
    await expect(open.edge.listen({ protocol: 'tcp', address: '127.0.0.1', port: 0 })).rejects.toThrow('listener');
  });

  test('serves what it is given, request after request, and tells of each end once', async () => {
    await using open = await openEdge(app);
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(open.port)));
    for (const client of clients) {
      client.send(get('/')).send(request('POST', '/echo', [], 'abc'));
      const bodies = (await client.responses(2)).map(({ body }) => body);
      expect(bodies).toEqual(['x', '127.0.0.1 abc']);
    }
    expect([open.edge.connectionCount, open.ended()]).toEqual([5, 0]);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expect.poll(open.ended).toBe(5);
    expect(open.edge.connectionCount).toBe(0);
  });

  test('answers a client that closes its side, whatever its server had said of that', async () => {
    await using open = await openEdge(app);
    await using client = await RawClient.open(open.port);
    client.send(get('/')).sendFin();
    expect((await client.response()).body).toBe('x');
  });

  test('takes sockets that were never read', async () => {
    await using open = await openEdge(app, { pauseOnConnect: true });
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/')).response()).body).toBe('x');
  });

  test('says of a socket that is closed already that it has ended', async () => {
    await using open = await openEdge(app, {
      feed(edge, socket) {
        socket.destroy();
        edge.take(socket);
      },
    });
    await using client = await RawClient.open(open.port);
    await client.ended();
    expect([open.ended(), open.edge.connectionCount]).toEqual([1, 0]);
  });
});

describe('bytes that were read before the edge had the socket', () => {
  const BYTES = get('/') + request('POST', '/echo', ['x: 1'], 'abcdef') + get('/', 'connection: close');
  const cuts = Array.from({ length: BYTES.length }, (_, index) => index + 1).filter((cut) => cut % 7 === 0);

  test.each(cuts)('are served with those that come later: %i of them', async (cut) => {
    await using open = await openEdge(app, { feed: feedBehind(cut) });
    await using client = await RawClient.open(open.port);
    client.send(BYTES.slice(0, cut));
    await new Promise(setImmediate);
    client.send(BYTES.slice(cut));
    const received = await client.ended();
    expect(readResponses(received, []).complete.map(({ status, body }) => `${status} ${body}`)).toEqual([
      '200 x',
      '200 127.0.0.1 abcdef',
      '200 x',
    ]);
  });
});

describe('an edge without a listener, fed', () => {
  let temp: TempFolder;
  beforeAll(async () => {
    temp = await TempFolder.create();
  });
  afterAll(() => temp[Symbol.asyncDispose]());

  test('from a unix socket, serves it', async () => {
    const path = temp.at('fed.sock');
    await using open = await openEdge(app, { at: { path }, maxConnectionsPerIp: 1 });
    const sockets = [connectUnix({ path }), connectUnix({ path })];
    for (const socket of sockets) {
      socket.write(request('POST', '/echo', ['connection: close'], 'abc'));
      let text = '';
      for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
      expect(text).toMatch(/\r\n\r\n abc$/);
    }
    await expect.poll(open.ended).toBe(2);
  });

  test.skipIf(!hasOpenssl()).each([
    ['before a byte was read', undefined],
    ['when the first bytes of the handshake were read', 1],
    ['when half the hello was read', 150],
  ])('with sockets for TLS %s, shakes hands on them', { timeout: 20_000 }, async (_, bytes) => {
    const tls = await makeCertificate('fed.test');
    await using open = await openEdge(app, { tls, ...(bytes !== undefined && { feed: feedBehind(bytes) }) });
    const socket: TLSSocket = connectTls({ port: open.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(get('/', 'connection: close'));
    let text = '';
    for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nx$/);
    await expect.poll(open.ended).toBe(1);
  });
});
