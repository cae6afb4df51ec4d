import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);

/** What each example promises, tried from outside. */
const PROMISES: Readonly<Record<string, (base: string) => Promise<void>>> = {
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
