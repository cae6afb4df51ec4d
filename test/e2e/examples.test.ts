import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { RunningProgram } from './run-program.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);

/** What each example that is a server promises, tried from outside. */
const PROMISES: Readonly<Record<string, (base: string) => Promise<void>>> = {
  async 'behind-nginx'(base) {
    const told = {
      'x-forwarded-for': '6.6.6.6, 198.51.100.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    };
    expect(await (await fetch(base, { headers: told })).json()).toEqual({
      ip: '198.51.100.7',
      url: 'https://shop.example/',
    });
  },

  async clients(base) {
    const ask = (path: string, name: string): Promise<Response> => fetch(base + path, { headers: { 'x-name': name } });
    expect((await ask('/room', 'ada')).status).toBe(403);
    await ask('/connect', 'ada');
    await ask('/connect', 'grace');
    expect(await (await ask('/room', 'ada')).json()).toEqual(expect.arrayContaining(['ada', 'grace']));
    await ask('/disconnect', 'ada');
    expect((await ask('/room', 'ada')).status).toBe(403);
  },

  /** All of it: example-domain-lookup.test.ts. */
  async 'domain-lookup'(base) {
    expect(await (await fetch(`${base}/lookup?domain=example.net&domain=free.net`)).json()).toEqual({
      'example.net': 0,
      'free.net': 1,
    });
  },

  /** All of it: example-echo.test.ts. */
  async echo(base) {
    for (const body of ['', '0', 'Ahoy']) expect(await (await fetch(base, { method: 'POST', body })).text()).toBe(body);
  },

  forked: keepsTheClockGoing,

  async cors(base) {
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' },
    };
    expect((await fetch(`${base}/time`, preflight)).headers.get('access-control-allow-methods')).toContain('GET');
    const missing = await fetch(`${base}/nowhere`, { headers: { origin: 'https://app.example' } });
    expect([missing.status, missing.headers.get('access-control-allow-origin')]).toEqual([404, 'https://app.example']);
    expect(
      (await fetch(`${base}/time`, { headers: { origin: 'https://other.example' } })).headers.has(
        'access-control-allow-origin',
      ),
    ).toBe(false);
  },

  async 'json-api'(base) {
    const post = (body: unknown): Promise<Response> =>
      fetch(`${base}/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect(await (await post({ text: ' Water the plants ' })).json()).toEqual({
      id: 1,
      text: 'Water the plants',
      isDone: false,
    });
    expect((await post({ text: '' })).status).toBe(400);
    expect(await (await fetch(`${base}/tasks?done=no`)).json()).toHaveLength(1);
    expect((await fetch(`${base}/tasks/1`, { method: 'DELETE' })).status).toBe(204);
    expect(await (await fetch(`${base}/tasks/1`)).json()).toMatchObject({ status: 404, code: 'NO_SUCH_TASK' });
  },

  async 'rate-limit'(base) {
    const ask = (key: string): Promise<Response> => fetch(`${base}/weather`, { headers: { 'x-api-key': key } });
    for (let left = 4; left >= 0; left--)
      expect((await ask('ada')).headers.get('ratelimit')).toContain(`"key";r=${left};`);
    const refused = await ask('ada');
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([429, true]);
    expect((await ask('grace')).status).toBe(200);
    expect((await ask('nobody')).status).toBe(401);
  },

  async 'rate-limiter-flexible'(base) {
    for (let left = 4; left >= 0; left--) expect((await fetch(base)).headers.get('ratelimit')).toContain(`;r=${left};`);
    const refused = await fetch(base);
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([429, true]);
  },

  /** All of it: example-sse-chat.test.ts. */
  async 'sse-chat'(base) {
    expect(await (await fetch(base)).text()).toContain('<title>Harbour chat</title>');
  },

  /** All of it: example-webserver.test.ts. */
  async webserver(base) {
    expect(await (await fetch(`${base}/files/harbour.txt`)).text()).toContain('The lamp is lit');
  },

  /** All of it: example-ws-chat.test.ts. */
  async 'ws-chat'(base) {
    expect(await (await fetch(base)).text()).toContain('<title>Rooms</title>');
  },

  async tour(base) {
    expect(await (await fetch(base)).text()).toContain('<title>Portlight: the tour</title>');
    expect(await (await fetch(`${base}/hello/harbour`)).text()).toContain('static segment');
    expect(await (await fetch(`${base}/files/a/b%2Fc`)).json()).toEqual({ path: ['a', 'b/c'] });
    expect(await (await fetch(`${base}/count`)).text()).toMatch(/^5 … 4 … .*light!\n$/);
    expect(
      (
        await fetch(`${base}/books`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"title":""}',
        })
      ).status,
    ).toBe(400);
    await tryChat(base);
    await tryGuests(base);
    await tryCards(base);
  },
};

/** The chat of the tour: one topic, two transports, three ways to say something. */
async function tryChat(base: string): Promise<void> {
  const port = Number(new URL(base).port);
  await using ada = await WebSocketClient.open(port, '/chat/harbour?name=Ada');
  await ada.messages(1);
  await using grace = await EventClient.open(port, '/chat/harbour?name=Grace');
  await grace.events(2);
  ada.send('{"text":"Ahoy"}');
  await grace.events(3);
  const post = (body: string): Promise<Response> =>
    fetch(`${base}/chat/harbour?name=Grace`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect([(await post('{"text":"Hello, Ada"}')).status, (await post('{"text":""}')).status]).toEqual([202, 400]);
  const expected = [
    { kind: 'joined', member: 'Ada', members: ['Ada'] },
    { kind: 'joined', member: 'Grace', members: ['Ada', 'Grace'] },
    { kind: 'said', from: 'Ada', text: 'Ahoy' },
    { kind: 'said', from: 'Grace', text: 'Hello, Ada' },
  ];
  expect((await ada.messages(4)).map((message) => JSON.parse(String(message)) as unknown)).toMatchObject(expected);
  expect((await grace.data(4)).map((data) => JSON.parse(data) as unknown)).toMatchObject(expected);
  await using back = await EventClient.open(port, '/chat/harbour?name=Konrad', {
    'last-event-id': grace.received[2]?.id ?? '',
  });
  expect((await back.data(2)).map((data) => JSON.parse(data) as unknown)).toMatchObject([
    expected[3],
    { kind: 'joined', member: 'Konrad', members: ['Ada', 'Grace', 'Konrad'] },
  ]);
  await using other = await WebSocketClient.open(port, '/chat/elsewhere');
  expect(JSON.parse(String((await other.messages(1))[0]))).toMatchObject({
    kind: 'joined',
    member: 'Somebody',
    members: ['Somebody'],
  });
  // Who says nothing, or no message at all, is told so and stays.
  for (const each of ['{"text":" \\n"}', 'nonsense']) ada.send(each);
  ada.send('{"text":"0"}');
  const told = (await ada.messages(8))
    .slice(5)
    .map((message) => JSON.parse(String(message)) as { readonly why?: string });
  expect(told).toMatchObject([
    { kind: 'refused', why: 'Say something first.' },
    { kind: 'refused', why: expect.stringMatching(/./) as unknown },
    { kind: 'said', from: 'Ada', text: '0' },
  ]);
}

/** The two who sit in the chat of the tour: they welcome, and they answer. */
async function tryGuests(base: string): Promise<void> {
  await using ada = await WebSocketClient.open(Number(new URL(base).port), '/chat/jetty?name=Ada');
  const hear = async (text: string): Promise<void> => {
    for (let count = 1; ; count++) {
      const message = JSON.parse(String((await ada.messages(count))[count - 1])) as { readonly text?: string };
      if (message.text === text) return;
    }
  };
  await hear('I see it from the jetty.');
  await hear('Welcome, Ada.');
  ada.send('{"text":"Ahoy"}');
  await hear('I read you, Ada: 4 characters.');
  ada.send('{"text":"Who is there?"}');
  await hear('The guide on topics has it.');
}

/** Each card beside its lines, and what the top promises. */
async function tryCards(base: string): Promise<void> {
  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(base + path, init);
  const source = await (await ask('/source/server.js')).text();
  const page = await (await ask('/')).text();
  const captions = [...page.matchAll(/server\.js, line (\d+)<\/figcaption><pre class="code"><span[^>]*>([^<]+)/g)];
  expect(captions.length).toBeGreaterThan(18);
  for (const [, line, code] of captions)
    expect(source.split('\n')[Number(line) - 1]?.trim()).toBe(code?.replaceAll('&gt;', '>').replaceAll('&lt;', '<'));
  for (const [, link] of page.matchAll(/href="(\/(?:docs|examples)\/[^"]+)"/g))
    expect([link, (await ask(link ?? '')).status]).toEqual([link, 200]);
  expect(new Set([...page.matchAll(/href="\/examples\/([\w-]+)/g)].map(([, name]) => name))).toEqual(
    new Set(readdirSync(EXAMPLES)),
  );
  // From page to page, to the headings that are named.
  const read = new Map<string, string>();
  const follow = async (path: string): Promise<void> => {
    const answer = await ask(path);
    expect([path, answer.status]).toEqual([path, 200]);
    read.set(path, await answer.text());
    if (!path.startsWith('/docs/')) return;
    for (const [, href] of read.get(path)?.matchAll(/<a href="([^"]+)"/g) ?? []) {
      const { origin, pathname, hash } = new URL(href ?? '', base + path);
      if (origin !== base) continue;
      if (!read.has(pathname)) await follow(pathname);
      if (hash !== '') expect(read.get(pathname)).toContain(`id="${hash.slice(1)}"`);
    }
  };
  await follow('/docs/README.md');
  expect(read.size).toBeGreaterThan(40);
  expect((await ask('/docs/..%2Fpackage.json')).status).toBe(404);
  expect((await ask('/source/..%2F..%2Fpackage.json')).status).toBe(404);
  expect(await (await ask('/v2/lamps')).json()).toEqual({ version: 2, path: '/v2/lamps' });
  const form = new FormData();
  form.set('file', new File(['ahoy'], 'a.txt', { type: 'text/plain' }));
  expect(await (await ask('/photos', { method: 'POST', body: form })).json()).toMatchObject({
    name: 'a.txt',
    bytes: 4,
  });
  const visit = await ask('/visits', { headers: { cookie: 'visits=41' } });
  expect([await visit.text(), visit.headers.get('set-cookie')]).toEqual([
    'Visit 42.',
    expect.stringContaining('visits=42;'),
  ]);
  const statuses = [];
  for (let count = 0; count < 4; count++) statuses.push((await ask('/limited')).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
}

async function keepsTheClockGoing(base: string): Promise<void> {
  const ask = async (path: string): Promise<{ readonly pid: number }> =>
    (await (await fetch(base + path, { headers: { connection: 'close' } })).json()) as { readonly pid: number };
  let isBlocked = true;
  const blocked = ask('/block?ms=4000').finally(() => (isBlocked = false));
  const clock = await ask('/clock');
  expect(isBlocked).toBe(true);
  expect((await blocked).pid).not.toBe(clock.pid);
}

/** Tried by their example-<name>.test.ts or below: their servers, if any, are not all there is of them. */
const OTHERS: readonly string[] = ['luminova', 'php-bridge', 'prefork-jobs', 'two-machines'];

const servers = readdirSync(EXAMPLES).filter(
  (name) => !OTHERS.includes(name) && existsSync(new URL(`${name}/server.js`, EXAMPLES)),
);

test.each(servers)('the example %s keeps what it promises', async (name) => {
  const promise = PROMISES[name];
  if (promise === undefined) throw new Error(`The example ${name} has no promise here.`);
  await using program = new RunningProgram([`../../examples/${name}/server.js`], { PORT: '0' });
  const [address] = await program.said(/http:\/\/127\.0\.0\.1:\d+/);
  await promise(address);
  program.kill('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});

test('the first lines of the tour are a whole server', async () => {
  await using program = new RunningProgram([
    '--import',
    '../docs/listen-on-a-free-port.js',
    '../../examples/tour/hello.js',
  ]);
  const [address] = await program.said(/http:\/\/127\.0\.0\.1:\d+/);
  expect(await (await fetch(`${address}/hello/you`)).text()).toBe('Hello, you!');
  program.kill('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});

/** Its start.js, and its page: example-tour.test.ts. */
test.each(['sequential', 'workers', 'forked'])('the tour has its chat in the mode %s too', async (mode) => {
  await using program = new RunningProgram(['../../examples/tour/server.js', mode], { PORT: '0' });
  const [, address] = await program.said(/The tour is at (http:\/\/127\.0\.0\.1:\d+)/);
  expect(await (await fetch(address ?? '', { headers: { connection: 'close' } })).text()).toContain(
    `value="${mode}" autocomplete="off" checked`,
  );
  await tryGuests(address ?? '');
  program.kill('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});

test('the example prefork-jobs does all jobs, though a child dies', async () => {
  await using program = new RunningProgram(['../../examples/prefork-jobs/jobs.js', '20000000', '10000000', '100']);
  const [, pid] = await program.said(/Processes (\d+) and/);
  process.kill(Number(pid), 'SIGKILL');
  expect(await program.exit).toEqual({ code: 0, signal: null });
  for (const line of ['1270607 primes below 20000000', '664579 primes below 10000000', '25 primes below 100'])
    expect(program.output).toContain(line);
  expect(program.output.match(/was told: stop/g)).toHaveLength(2);
});

test('every example is tried', () => {
  expect(readdirSync(EXAMPLES)).toEqual([...servers, ...OTHERS].toSorted());
});
