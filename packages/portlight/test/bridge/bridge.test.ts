import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HttpServer } from '../../src/index.ts';
import type { BridgeOptions } from '../../src/bridge/bridge-options.ts';
import { openChannel, type TestChannel } from '../../src/testing/index.ts';
import { portless } from '../support/open-server.ts';
import { signedFields, type Signing } from '../support/signed-fields.ts';

const SECRET = randomBytes(16).toString('hex');
const OTHER = randomBytes(32).toString('hex');
const PATH = '/_publish';

function open(options: Partial<BridgeOptions> = {}, register: (app: HttpServer) => unknown = () => {}) {
  return portless((app) => {
    register(
      app
        .history('*', { size: 10 })
        .accept('/feed/:topic', {
          open: async (channel) => {
            await channel.join(channel.params.topic, { member: 'ada' });
            channel.send('joined');
          },
        })
        .bridge(PATH, { secrets: { k1: SECRET }, ...options }),
    );
  });
}

/** A channel that has joined a topic. */
async function join(server: HttpServer, topic: string): Promise<TestChannel> {
  const channel = await openChannel(server, `/feed/${topic}`);
  expect(await channel.next()).toBe('joined');
  return channel;
}

type Headers = Record<string, string>;

interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly { readonly path: readonly unknown[]; readonly message: string }[];
}

async function post(server: HttpServer, body: unknown, headers: Headers = bearer(SECRET), path = PATH) {
  const response = await server.fetch(path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as never };
}

function bearer(secret: string): Headers {
  return { authorization: `Bearer ${secret}` };
}

const signed = (body: string, as: Signing = {}): Headers => signedFields(PATH, SECRET, body, as);

const MESSAGE = JSON.stringify({ topic: 'news', data: 'hello' });

afterEach(() => void vi.useRealTimers());

describe('what is published over a bridge', () => {
  test('reaches who has joined, and is answered as publish is', async () => {
    const { server } = open();
    const channel = await join(server, 'news');
    const { status, json } = await post(server, { topic: 'news', data: 'hello', id: 'order-7' });
    expect([status, json]).toEqual([200, { id: 'order-7', subscribers: 1 }]);
    expect(await channel.next()).toBe('hello');
    await post(server, { topic: 'news', data: { price: 7 } });
    expect(await channel.next()).toBe('{"price":7}');
    for (const data of [null, 0, false, [], '']) {
      await post(server, { topic: 'news', data });
      expect(await channel.next()).toBe(typeof data === 'string' ? data : JSON.stringify(data));
    }
  });

  test('goes out once for one id, and the repeat has the first answer', async () => {
    const { server } = open();
    const channel = await join(server, 'news');
    const first = await post(server, { topic: 'news', data: 'one', id: 'a' });
    channel.close();
    await channel.closed;
    const again = await post(server, { topic: 'news', data: 'two', id: 'a' });
    expect(again.json).toEqual(first.json);
    expect(first.json).toEqual({ id: 'a', subscribers: 1 });
  });

  test('goes to several topics, and counts whom it reaches in all', async () => {
    const { server } = open();
    const channels = [await join(server, 'a'), await join(server, 'b')];
    const { json } = await post(server, { topics: ['a', 'b', 'a', 'nobody'], data: 'x' });
    expect(json).toEqual({ subscribers: 2 });
    expect(await Promise.all(channels.map((channel) => channel.next()))).toEqual(['x', 'x']);
  });

  test('may be many messages, in their order, each with an answer', async () => {
    const { server } = open();
    const channel = await join(server, 'news');
    const messages = Array.from({ length: 100 }, (_, index) => ({
      topic: 'news',
      data: String(index),
      id: `${index}`,
    }));
    const { status, json } = await post(server, { messages });
    expect([status, json]).toEqual([200, { messages: messages.map(({ id }) => ({ id, subscribers: 1 })) }]);
    for (const { data } of messages) expect(await channel.next()).toBe(data);
  });

  test('takes event, user, except and ttlMs along', async () => {
    const { server } = open();
    const channel = await join(server, 'news');
    expect((await post(server, { topic: 'news', data: 'to nobody', user: 'bob' })).json).toMatchObject({
      subscribers: 0,
    });
    const { json } = await post(server, { topic: 'news', data: 'to ada', user: 'ada', event: 'mail', ttlMs: 60_000 });
    expect(json).toMatchObject({ subscribers: 1 });
    expect(await channel.next()).toBe('to ada');
  });

  test.each(
    [
      ['[]', []],
      ['"text"', []],
      ['null', []],
      ['{}', ['data', '']],
      [JSON.stringify({ data: 1 }), ['']],
      [JSON.stringify({ topic: 'a' }), ['data']],
      [JSON.stringify({ topic: 'a', topics: ['b'], data: 1 }), ['']],
      [JSON.stringify({ topic: '', data: 1 }), ['topic']],
      [JSON.stringify({ topic: 7, data: 1 }), ['topic']],
      [JSON.stringify({ topic: 'a'.repeat(513), data: 1 }), ['topic']],
      ['{"topic":"\\ud800","data":1}', ['topic']],
      [JSON.stringify({ topics: [], data: 1 }), ['topics']],
      [JSON.stringify({ topics: ['a', 0], data: 1 }), ['topics.1']],
      [JSON.stringify({ topics: Array(101).fill('a'), data: 1 }), ['topics']],
      [JSON.stringify({ topic: 'a', data: 1, event: 'a\nb' }), ['event']],
      [JSON.stringify({ topic: 'a', data: 1, event: '' }), ['event']],
      [JSON.stringify({ topic: 'a', data: 1, id: '' }), ['id']],
      [JSON.stringify({ topic: 'a', data: 1, id: 7 }), ['id']],
      [JSON.stringify({ topic: 'a', data: 1, except: null }), ['except']],
      [JSON.stringify({ topic: 'a', data: 1, user: null }), ['user']],
      [JSON.stringify({ topic: 'a', data: 1, ttlMs: 0 }), ['ttlMs']],
      [JSON.stringify({ topic: 'a', data: 1, ttlMs: 1.5 }), ['ttlMs']],
      [JSON.stringify({ topic: 'a', data: 1, channel: 'b' }), ['']],
      [JSON.stringify({ messages: [] }), ['messages']],
      [JSON.stringify({ messages: {} }), ['messages']],
      [JSON.stringify({ messages: [{ topic: 'news', data: 1 }, { topic: 'news' }] }), ['messages.1.data']],
      [JSON.stringify({ messages: Array.from({ length: 101 }, () => ({ topic: 'news', data: 1 })) }), ['messages']],
    ].map(([body, paths]) => [String(body).slice(0, 60), body, paths] as [string, string, string[]]),
  )('is refused whole where it is not right: %s', async (_start, body, paths) => {
    const { server } = open();
    const channel = await join(server, 'news');
    const { status, json } = await post(server, body);
    const problem = json as Problem;
    expect([status, problem.code]).toEqual([400, 'ERR_PORTLIGHT_VALIDATION']);
    expect(problem.errors).not.toHaveLength(0);
    if (paths.length > 0) expect(problem.errors?.map(({ path }) => path.join('.'))).toEqual(paths);
    await post(server, { topic: 'news', data: 'the next' });
    expect(await channel.next()).toBe('the next');
  });

  test.each(['', '{', 'topic=news&data=1', '\u0000'])('is no JSON: %j', async (body) => {
    const { server } = open();
    expect((await post(server, body)).status).toBe(400);
  });

  test('is bounded', async () => {
    const { server } = open({ maxBodyBytes: 100 });
    expect((await post(server, { topic: 'news', data: 'x'.repeat(100) })).status).toBe(413);
    const text = JSON.stringify({ topic: 'news', data: 'x'.repeat(2_000_000) });
    expect((await post(open().server, text)).status).toBe(413);
  });

  test('is limited as requests are, or as it is told', async () => {
    const { server } = open({}, (app) => app.setRateLimit(2, 60));
    const statuses = [];
    for (let times = 0; times < 3; times++) statuses.push((await post(server, MESSAGE)).status);
    expect(statuses).toEqual([200, 200, 429]);
    const { server: own } = open({ rateLimit: { max: 1, windowSeconds: 60 } });
    expect([(await post(own, MESSAGE)).status, (await post(own, MESSAGE)).status]).toEqual([200, 429]);
  });

  test('needs no connected client', async () => {
    const { server } = open({}, (app) => app.connect().connectionRequired());
    expect((await post(server, MESSAGE)).status).toBe(200);
  });

  test('has one method', async () => {
    const { server } = open();
    const response = await server.fetch(PATH, { headers: bearer(SECRET) });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
  });
});

describe('who publishes over a bridge', () => {
  test('shows a secret, old or new', async () => {
    const { server } = open({ secrets: { k1: SECRET, k2: OTHER } });
    for (const headers of [bearer(SECRET), bearer(OTHER), { authorization: `bearer  ${SECRET}` }])
      expect((await post(server, MESSAGE, headers)).status).toBe(200);
  });

  test.each([
    [{}, 'Portlight-Key is missing'],
    [bearer(OTHER), 'no secret'],
    [bearer(SECRET.slice(1)), 'no secret'],
    [bearer(`${SECRET}x`), 'no secret'],
    [bearer(SECRET.toUpperCase()), 'no secret'],
    [{ authorization: 'Bearer' }, 'no bearer token'],
    [{ authorization: `Basic ${SECRET}` }, 'no bearer token'],
    [{ authorization: SECRET }, 'no bearer token'],
    [{ authorization: '' }, 'no bearer token'],
  ])('is refused with %j', async (headers, detail) => {
    const { server } = open();
    const { status, json, headers: fields } = await post(server, MESSAGE, headers);
    expect([status, fields.get('www-authenticate')]).toEqual([401, 'Bearer realm="bridge"']);
    expect((json as Problem).detail).toContain(detail);
    expect(JSON.stringify(json)).not.toContain(SECRET);
  });

  test('signs, and each signature holds once', async () => {
    const { server } = open({ secrets: { k1: SECRET, k2: OTHER } });
    const headers = signed(MESSAGE);
    expect((await post(server, MESSAGE, headers)).status).toBe(200);
    const again = await post(server, MESSAGE, headers);
    expect([again.status, (again.json as Problem).detail]).toEqual([401, 'The nonce was used before.']);
    expect((await post(server, MESSAGE, signed(MESSAGE, { key: 'k2', secret: OTHER }))).status).toBe(200);
  });

  test('may send a message again with a nonce of its own, and it goes out once', async () => {
    const { server } = open();
    const body = JSON.stringify({ topic: 'news', data: 'x', id: 'outbox-1' });
    const [one, two] = [await post(server, body, signed(body)), await post(server, body, signed(body))];
    expect([two.status, two.json]).toEqual([200, one.json]);
    const history = await post(server, { topic: 'news', data: 'y' });
    expect((history.json as { id: string }).id).toMatch(/-2$/);
  });

  test.each([
    ['another body', { signed: `${MESSAGE} ` }],
    ['another path', { path: '/other' }],
    ['another method', { method: 'PUT' }],
    ['another secret', { secret: OTHER }],
    ['a key that is not known', { key: 'k9' }],
    ['a key that is in every object', { key: 'constructor' }],
  ])('is refused with a signature of %s', async (_what, as) => {
    const { server } = open();
    const { status, json } = await post(server, MESSAGE, signed(MESSAGE, as));
    expect([status, (json as Problem).detail]).toEqual([
      401,
      'The signature is not that of this request by the secret that it names.',
    ]);
  });

  test.each([
    ['portlight-signature', 'v2=00', 'v1= and 64 digits in hex'],
    ['portlight-signature', `v1=${'A'.repeat(64)}`, 'v1= and 64 digits in hex'],
    ['portlight-nonce', 'short', '16 to 128 characters'],
    ['portlight-nonce', 'x'.repeat(129), '16 to 128 characters'],
    ['portlight-timestamp', 'now', 'seconds since 1970'],
    ['portlight-timestamp', '-1', 'seconds since 1970'],
    ['portlight-timestamp', '', 'seconds since 1970'],
  ])('is told what is wrong with %s: %s', async (field, value, detail) => {
    const { server } = open();
    const { status, json } = await post(server, MESSAGE, { ...signed(MESSAGE), [field]: value });
    expect(status).toBe(401);
    expect((json as Problem).detail).toContain(detail);
  });

  test.each(['portlight-key', 'portlight-timestamp', 'portlight-nonce', 'portlight-signature'])(
    'is told that %s is missing',
    async (field) => {
      const { server } = open();
      const headers = signed(MESSAGE);
      delete headers[field];
      const { status, json } = await post(server, MESSAGE, headers);
      expect(status).toBe(401);
      expect((json as Problem).detail.toLowerCase()).toContain(`the field ${field} is missing`);
    },
  );

  test('has a clock that is right within five minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
    const { server } = open();
    const statusAt = async (seconds: number): Promise<number> =>
      (await post(server, MESSAGE, signed(MESSAGE, { at: 1_800_000_000 + seconds }))).status;
    expect(await Promise.all([-300, 300, 0].map(statusAt))).toEqual([200, 200, 200]);
    expect(await Promise.all([-301, 301, 1e9].map(statusAt))).toEqual([401, 401, 401]);
  });

  test('spends no nonce on a signature that does not hold', async () => {
    const { server } = open();
    const nonce = 'n'.repeat(16);
    await post(server, MESSAGE, signed(MESSAGE, { nonce, secret: OTHER }));
    expect((await post(server, MESSAGE, signed(MESSAGE, { nonce }))).status).toBe(200);
  });
});

describe('a bridge', () => {
  test('is off while no secret is set, and says so', async () => {
    const { server, log } = open({ secrets: { k1: undefined } });
    expect((await post(server, MESSAGE, bearer('undefined'))).status).toBe(404);
    expect(log.at('warn').map(({ message }) => message)).toEqual([
      'bridge("/_publish") is off: none of its secrets is set.',
    ]);
    expect((await post(open({ secrets: {} }).server, MESSAGE)).status).toBe(404);
  });

  test.each([
    [undefined, /options of bridge must be an object/],
    [{}, /option secrets of bridge must be an object such as/],
    [{ secrets: SECRET }, /option secrets of bridge must be an object such as/],
    [{ secrets: { k1: '' } }, /secret k1 of bridge must be a string of 32 bytes or more, not of 0; make one with/],
    [{ secrets: { k1: 'hunter2' } }, /32 bytes or more, not of 7/],
    [{ secrets: { k1: null } }, /not of type object/],
    [{ secrets: { k1: 7 } }, /not of type number/],
    [{ secrets: { 'k 1': SECRET } }, /named by 1 to 64 letters/],
    [{ secrets: { a: SECRET, b: OTHER, c: `${OTHER}c` } }, /two at most.*here are 3/],
    [{ secrets: { k1: SECRET }, maxBytes: 1 }, /bridge has no option "maxBytes"/],
    [{ secrets: { k1: SECRET }, maxBodyBytes: -1 }, /maxBodyBytes/],
    [{ secrets: { k1: SECRET }, rateLimit: { max: 0, windowSeconds: 1 } }, /max/],
  ])('throws on wrong options: %j', (options, message) => {
    const { server } = portless(() => {});
    expect(() => server.bridge(PATH, options as never)).toThrow(message);
    expect(() => server.bridge(PATH, options as never)).not.toThrow('hunter2');
  });
});
