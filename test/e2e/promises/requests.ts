import type { WorkerInfo } from 'portlight';
import { expect } from 'vitest';
import { RawClient, get } from '../../../packages/portlight/test/support/raw-client.ts';
import type { Promised } from './promised.ts';

export const REQUESTS: Promised = {
  async 'a route gets params, query and body'(app) {
    expect((await app.ask('/users/a%2Fb?tag=x&tag=y&q=%C3%A9')).json).toEqual({
      id: 'a/b',
      query: { tag: ['x', 'y'], q: 'é' },
    });
    expect((await app.ask('/points', { body: '{"x":7,"y":8}' })).json).toEqual({ x: 7 });
  },

  async 'what a schema refuses is a 400 that says where'(app) {
    const { status, headers, json } = await app.ask('/points', { body: '{"x":"seven"}' });
    expect([status, headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(json).toMatchObject({ errors: [{ in: 'body', path: ['x'], message: 'x is no whole number.' }] });
  },

  async 'a path that is not there is a 404, and a wrong method a 405 with Allow'(app) {
    expect((await app.ask('/nowhere')).json).toMatchObject({ status: 404, code: 'ERR_PORTLIGHT_NOT_FOUND' });
    const wrong = await app.ask('/users/7', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const asked = await app.ask('/users/7', { method: 'OPTIONS' });
    expect([asked.status, asked.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
  },

  async 'HEAD is GET without its body'(app) {
    const [head, whole] = [await app.ask('/users/7', { method: 'HEAD' }), await app.ask('/users/7')];
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(String(whole.text.length));
  },

  async 'middleware stands around a handler, and interceptors see each response once'(app) {
    const { headers, text } = await app.ask('/dressed/trace');
    expect([headers['x-after'], text]).toEqual(['yes', 'before!']);
  },

  async 'an observer hears once of each answer, in the process that gave it'(app) {
    const asked = ['/observed/one', '/observed/broken', '/observed/not/there'];
    const answers = await Promise.all(asked.map((path) => app.ask(path)));
    const [one, broken, missing] = answers.map(({ headers }) => headers['x-process']);
    const expected = [
      `finished http /observed/one /observed/:how 200 true false - ${one}`,
      `finished http /observed/broken /observed/:how 500 true false - ${broken}`,
      `finished http /observed/not/there - 404 true false - ${missing}`,
    ];
    for (const line of expected) await app.said(line);
    expect([...(await app.linesByNow(/^finished http /))].sort()).toEqual([...expected].sort());
  },

  async 'an error handler answers, and what an unknown error says stays inside'(app) {
    const refused = await app.ask('/dressed/refuses');
    expect([refused.status, refused.text]).toEqual([418, 'Sorry: I am a teapot.!']);
    const failed = await app.ask('/dressed/fails');
    expect([failed.status, failed.text]).toEqual([500, 'Sorry: Internal Server Error!']);
  },

  async 'streams and files go both ways'(app) {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');
    expect((await app.ask(`/lines/${count}`)).text).toBe(lines);
    const body = Buffer.alloc(4 * 1_048_576, 'x');
    expect((await app.ask('/upload', { body })).json).toEqual({ bytes: body.length });
    const part = await app.ask('/file', { headers: { range: 'bytes=3-8' } });
    expect([part.status, part.text]).toEqual([206, 'An app']);
  },

  async 'a form brings its fields and files'(app) {
    const boundary = 'b';
    const part = (head: string, text: string): string =>
      `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
    const body = `${part('name="name"', 'Ada')}${part('name="file"; filename="a.txt"', 'Ahoy')}--b--\r\n`;
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    expect((await app.ask('/form', { headers, body })).json).toEqual({ name: 'Ada', file: 'a.txt', text: 'Ahoy' });
  },

  async 'bytes that are no HTTP get an answer of the form of all errors'(app) {
    await using client = await RawClient.open(app.port);
    const { status, headers, body } = await client.send('Ahoy!\r\n\r\n').response();
    expect([status, headers.get('content-type'), headers.get('connection')]).toEqual([
      400,
      'application/problem+json',
      'close',
    ]);
    expect(JSON.parse(body)).toMatchObject({ status: 400 });
  },

  async 'a connection is kept, by one process, and pipelined answers keep their order'(app) {
    await using client = await RawClient.open(app.port);
    client.send(get('/process'));
    const [first] = await client.responses(1);
    client.send(get('/users/1') + get('/users/2') + get('/users/3'));
    const answers = (await client.responses(4)).slice(1);
    expect(answers.map(({ body }) => (JSON.parse(body) as { id: string }).id)).toEqual(['1', '2', '3']);
    expect(new Set(answers.map(({ headers }) => headers.get('x-process')))).toEqual(
      new Set([first?.headers.get('x-process')]),
    );
  },

  async 'a handler that takes too long is a 503'(app) {
    expect((await app.ask('/late')).json).toMatchObject({ status: 503 });
  },

  async 'handlers of one connection work together, or one at a time, as the mode says'(app) {
    await using client = await RawClient.open(app.port);
    client.send(get('/together') + get('/together'));
    const statuses = (await client.responses(2)).map(({ status }) => status);
    expect(statuses).toEqual(app.mode.handlesTogether ? [200, 200] : [503, 503]);
  },

  async 'every process knows the address, and says that it listens'(app) {
    await using connections = await app.connections();
    const told = await Promise.all(connections.map((connection) => connection.ask('/process')));
    for (const [index, { json, process }] of told.entries()) {
      const address = { address: '127.0.0.1', port: connections[index]?.port };
      expect(json).toEqual({ pid: process, address, isConnected: true });
    }
    expect(new Set(told.map(({ process }) => process)).size).toBe(app.serving);
  },

  async 'every process tells the same of all that serve its server'(app) {
    await using connections = await app.connections();
    for (const connection of connections) {
      const beside = connections.filter(({ port }) => port === connection.port);
      const serving = new Set(beside.map(({ process }) => process));
      const workers = (await connection.ask('/workers')).json as WorkerInfo[];
      const pids = new Set(workers.map(({ pid }) => pid));
      // Others wait for a connection where each has its own process.
      if (app.mode.isOneEach) for (const pid of serving) expect(pids).toContain(pid);
      else expect(pids).toEqual(serving);
      expect(workers.map(({ id }) => id)).toEqual(Array.from(pids, (_, index) => index + 1));
      for (const { state, restarts, memoryBytes, lagMs, startedAt } of workers.filter(({ pid }) => serving.has(pid))) {
        expect([state, restarts]).toEqual(['ready', 0]);
        expect(memoryBytes).toBeGreaterThan(10_000_000);
        expect(lagMs).toBeGreaterThanOrEqual(0);
        expect(startedAt).toBeLessThan(Date.now());
      }
    }
  },

  async 'ping and ready answer in every process'(app) {
    await using connections = await app.connections();
    for (const connection of connections) {
      expect((await connection.ask('/ping')).text).toBe('PONG');
      expect((await connection.ask('/ready')).text).toBe('READY');
    }
  },
};
