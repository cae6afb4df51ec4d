import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { hasOpenssl, makeCertificate } from '../support/make-certificate.ts';
import { openEdge } from '../support/open-edge.ts';
import { get, RawClient, request } from '../support/raw-client.ts';
import { WatchedAdmission } from '../support/watched-admission.ts';

const PIPELINED = get('/1') + request('POST', '/2', [], 'abc') + get('/3');

describe('while a seat is looked for', () => {
  test('nothing that the client sends is lost', async () => {
    const gate = deferred();
    await using open = await openEdge(
      (app) => app.get('/:number', ({ path }) => path).post('/2', async (each) => `/2 ${await each.text()}`),
      { admission: new WatchedAdmission(() => gate.promise) },
    );
    await using client = await RawClient.open(open.port);
    for (const byte of PIPELINED.slice(0, 40)) client.send(byte);
    client.send(PIPELINED.slice(40)).sendFin();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(client.received).toBe('');
    gate.resolve();
    expect((await client.responses(3)).map(({ body }) => body)).toEqual(['/1', '/2 abc', '/3']);
  });

  test.skipIf(!hasOpenssl())('a TLS handshake waits', { timeout: 20_000 }, async () => {
    const gate = deferred();
    const tls = await makeCertificate('slow.test');
    const admission = new WatchedAdmission(() => gate.promise);
    await using open = await openEdge((app) => app.get('/', () => 'x'), { admission, tls });
    const socket = connectTls({ port: open.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'connect');
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    gate.resolve();
    await once(socket, 'secureConnect');
    socket.write(get('/', 'connection: close'));
    let text = '';
    for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
    expect(text).toMatch(/\r\n\r\nx$/);
    await expect.poll(() => admission.sitting).toBe(0);
  });

  test('a client that goes away has ended, and its seat is given back', async () => {
    const gate = deferred();
    const admission = new WatchedAdmission(() => gate.promise);
    await using open = await openEdge((app) => app.get('/', () => 'x'), { admission });
    const client = await RawClient.open(open.port);
    client.reset();
    await expect.poll(open.ended).toBe(1);
    gate.resolve();
    await expect.poll(() => [admission.given, admission.sitting]).toEqual([1, 0]);
  });

  // Where bytes lie unread in front of it, a reset cannot be told from the end of what the client sends.
  test.each(['reset', 'sendFin'] as const)('a request whose client is gone (%s) keeps no seat', async (how) => {
    const gate = deferred();
    const admission = new WatchedAdmission(() => gate.promise);
    await using open = await openEdge((app) => app.get('/', () => 'x'), { admission });
    await using client = await RawClient.open(open.port);
    client.send(get('/'))[how]();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    gate.resolve();
    await expect.poll(() => [admission.given, admission.sitting, open.ended()]).toEqual([1, 0, 1]);
  });

  test('a drain waits for it, and what was asked is answered', async () => {
    const gate = deferred();
    await using open = await openEdge((app) => app.get('/', () => 'x'), {
      admission: new WatchedAdmission(() => gate.promise),
    });
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    let isDrained = false;
    const draining = open.edge.drain().then(() => (isDrained = true));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    gate.resolve();
    const response = await client.response();
    expect([response.body, response.headers.get('connection')]).toEqual(['x', 'close']);
    await draining;
  });

  test('the end of a drain closes who still waits', async () => {
    const gate = deferred();
    const admission = new WatchedAdmission(() => gate.promise);
    await using open = await openEdge((app) => app.get('/', () => 'x'), { admission });
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    const draining = open.edge.drain();
    open.edge.terminate();
    await Promise.all([draining, client.ended()]);
    gate.resolve();
    await expect.poll(() => [admission.given, admission.sitting]).toEqual([1, 0]);
    expect(client.received).toBe('');
  });
});

test('a seat that was looked for in vain closes the connection', async () => {
  const admission = new WatchedAdmission(() => Promise.resolve(), 1);
  await using open = await openEdge((app) => app.get('/', () => 'x'), { admission });
  await using first = await RawClient.open(open.port);
  await first.send(get('/')).response();
  await using second = await RawClient.open(open.port);
  expect(await second.send(get('/')).ended()).toBe('');
  expect((await first.send(get('/')).responses(2)).length).toBe(2);
});

test('an admission that fails closes the connection, is logged, and ends nothing', async () => {
  let isDown = true;
  const working = new WatchedAdmission();
  await using open = await openEdge((app) => app.get('/', () => 'x'), {
    admission: {
      reserve: async (address) => (isDown ? Promise.reject(new Error('out of reach')) : working.reserve(address)),
    },
  });
  await using lost = await RawClient.open(open.port);
  expect(await lost.send(get('/')).ended()).toBe('');
  expect(open.log.at('error').map(({ fields }) => fields)).toEqual([
    { err: new Error('out of reach'), times: 1, connections: 0 },
  ]);
  isDown = false;
  await using served = await RawClient.open(open.port);
  expect((await served.send(get('/')).response()).body).toBe('x');
});
