import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);

/** What each example promises, tried from outside. */
const PROMISES: Readonly<Record<string, (base: string) => Promise<void>>> = {
  async 'behind-nginx'(base) {
    const told = { 'x-forwarded-for': '6.6.6.6, 198.51.100.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' };
    expect(await (await fetch(base, { headers: told })).json()).toEqual({ ip: '198.51.100.7', url: 'https://shop.example/' });
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

  async cors(base) {
    const preflight = { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' } };
    expect((await fetch(`${base}/time`, preflight)).headers.get('access-control-allow-methods')).toContain('GET');
    const missing = await fetch(`${base}/nowhere`, { headers: { origin: 'https://app.example' } });
    expect([missing.status, missing.headers.get('access-control-allow-origin')]).toEqual([404, 'https://app.example']);
    expect((await fetch(`${base}/time`, { headers: { origin: 'https://other.example' } })).headers.has('access-control-allow-origin')).toBe(false);
  },

  async 'json-api'(base) {
    const post = (body: unknown): Promise<Response> =>
      fetch(`${base}/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect(await (await post({ text: ' Water the plants ' })).json()).toEqual({ id: 1, text: 'Water the plants', isDone: false });
    expect((await post({ text: '' })).status).toBe(400);
    expect(await (await fetch(`${base}/tasks?done=no`)).json()).toHaveLength(1);
    expect((await fetch(`${base}/tasks/1`, { method: 'DELETE' })).status).toBe(204);
    expect(await (await fetch(`${base}/tasks/1`)).json()).toMatchObject({ status: 404, code: 'NO_SUCH_TASK' });
  },

  async 'rate-limit'(base) {
    const ask = (key: string): Promise<Response> => fetch(`${base}/weather`, { headers: { 'x-api-key': key } });
    for (let left = 4; left >= 0; left--) expect((await ask('ada')).headers.get('ratelimit')).toContain(`"key";r=${left};`);
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

  async tour(base) {
    expect(await (await fetch(base)).text()).toContain('<title>Portlight: the tour</title>');
    expect(await (await fetch(`${base}/hello/harbour`)).text()).toContain('static segment');
    expect(await (await fetch(`${base}/files/a/b%2Fc`)).json()).toEqual({ path: ['a', 'b/c'] });
    expect(await (await fetch(`${base}/count`)).text()).toMatch(/^5 … 4 … .*light!\n$/);
    expect((await fetch(`${base}/books`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"title":""}' })).status).toBe(400);
  },
};

test.each(readdirSync(EXAMPLES))('the example %s keeps what it promises', async (name) => {
  const promise = PROMISES[name];
  if (promise === undefined) throw new Error(`The example ${name} has no promise here.`);
  await using program = new RunningProgram([`../../examples/${name}/server.js`], { PORT: '0' });
  const [address] = await program.said(/http:\/\/127\.0\.0\.1:\d+/);
  await promise(address);
  program.kill('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});
