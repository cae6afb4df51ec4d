import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

describe('pipelined requests (RFC 9112 §9.3.2)', () => {
  test('are answered in their order though their handlers finish in reverse', async () => {
    const gates = [deferred(), deferred(), deferred()] as const;
    const finished: string[] = [];
    await using open = await openServer((app) =>
      app.get('/:n', async (each) => {
        const n = Number(each.params.n);
        await gates[n]?.promise;
        finished.push(each.params.n);
        gates[n - 1]?.resolve();
        return `answer ${n}`;
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/0') + get('/1') + get('/2'));
    gates[2].resolve();
    const responses = await client.responses(3);
    expect(finished).toEqual(['2', '1', '0']);
    expect(responses.map(({ body }) => body)).toEqual(['answer 0', 'answer 1', 'answer 2']);
  });

  test('with bodies are told apart', async () => {
    await using open = await openServer((app) => app.post('/', (each) => each.text()));
    await using client = await RawClient.open(open.port);
    const responses = await client
      .send(
        request('POST', '/', [], 'first') +
          request('POST', '/', ['transfer-encoding: chunked']) +
          '6\r\nsecond\r\n0\r\n\r\n' +
          request('POST', '/', [], ''),
      )
      .responses(3);
    expect(responses.map(({ body }) => body)).toEqual(['first', 'second', '']);
  });

  test('that change something wait for one another', async () => {
    let running = 0;
    let most = 0;
    await using open = await openServer((app) =>
      app.post('/', async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return 'x';
      }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(request('POST', '/', [], 'a').repeat(20)).responses(20);
    expect(most).toBe(1);
  });

  test('are not all begun at once, however many come', async () => {
    const gate = deferred();
    let begun = 0;
    await using open = await openServer((app) =>
      app.get('/', async () => {
        begun++;
        await gate.promise;
        return 'x';
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/').repeat(1_000));
    await using other = await RawClient.open(open.port);
    await other.send(get('/none')).response();
    expect(begun).toBeLessThan(100);
    gate.resolve();
    await client.responses(1_000);
    expect(begun).toBe(1_000);
  });

  test.each<[string, string]>([
    ['garbage', 'GARBAGE\r\n\r\n'],
    ['a second length', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
    ['a length beside chunks', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ])('one valid, then %s: 200, then 400, then closed, and nothing after it is answered', async (_what, invalid) => {
    const gate = deferred();
    await using open = await openServer((app) => app.get('/', () => gate.promise.then(() => 'x')));
    await using client = await RawClient.open(open.port);
    client.send(get('/') + invalid + get('/'));
    await using other = await RawClient.open(open.port);
    await other.send(get('/none')).response();
    gate.resolve();
    await client.ended();
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([200, 400]);
    expect(client.received.match(/HTTP\/1\.1 \d/g)).toHaveLength(2);
  });

  test('after one that asks to close are not answered', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x'));
    await using client = await RawClient.open(open.port);
    const text = await client.send(get('/', 'connection: close') + get('/')).ended();
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });
});
