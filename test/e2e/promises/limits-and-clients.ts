import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer } from './connection.ts';
import type { Promised, Served } from './promised.ts';

/** Asks at once, over connections to every process, and at least so often. */
async function askTogether(app: Served, path: string, key: string, atLeast: number): Promise<readonly Answer[]> {
  await using connections = await app.connections();
  const each = Math.ceil(atLeast / connections.length);
  const headers = { 'x-key': key };
  return await Promise.all(
    connections.flatMap((connection) => Array.from({ length: each }, () => connection.ask(path, { headers }))),
  );
}

function count(answers: readonly Answer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

export const LIMITS_AND_CLIENTS: Promised = {
  async 'a rate limit lets in exactly so many of those who ask at once'(app) {
    for (const [path, max] of [
      ['/limited', 100],
      ['/scarce', 3],
    ] as const) {
      const answers = await askTogether(app, path, 'crowd', 2 * max);
      expect([count(answers, 200), count(answers, 429)]).toEqual([max, answers.length - max]);
      for (const { status, headers } of answers) {
        expect(headers['ratelimit-policy']).toContain(`q=${max};w=60`);
        expect(headers['ratelimit']).toMatch(/r=\d+;t=\d+/);
        if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      }
    }
  },

  async 'what is left of a limit is told'(app) {
    await using connections = await app.connections();
    for (const [before, connection] of connections.slice(0, 3).entries()) {
      const { headers } = await connection.ask('/scarce', { headers: { 'x-key': 'thrifty' } });
      const left = Number(/r=(\d+)/.exec(String(headers['ratelimit']))?.[1]);
      if (app.mode.remaining === 'exact') expect(left).toBe(2 - before);
      else expect(left).toBeLessThanOrEqual(2 - before);
    }
  },

  async 'Retry-After is true: one more is let in after it'(app) {
    const refused = (await askTogether(app, '/brief', 'patient', 6)).find(({ status }) => status === 429);
    await pause(Number(refused?.headers['retry-after']) * 1_000);
    expect((await app.ask('/brief', { headers: { 'x-key': 'patient' } })).status).toBe(200);
  },

  async 'a client that has connected is known at once on every connection, until it disconnects'(app) {
    await using connections = await app.connections();
    const headers = { 'x-client': 'ada' };
    const statuses = (): Promise<number[]> =>
      Promise.all(connections.map(async (connection) => (await connection.ask('/private', { headers })).status));
    expect((await connections[0].ask('/private', { headers })).json).toMatchObject({
      status: 403,
      code: 'ERR_PORTLIGHT_CONNECTION_REQUIRED',
    });
    for (const connection of connections) {
      expect((await connection.ask('/connect', { headers })).text).toBe('Client successfully connected.');
      expect(new Set(await statuses())).toEqual(new Set([200]));
      expect((await connection.ask('/disconnect', { headers })).text).toBe('Client successfully disconnected.');
      expect(new Set(await statuses())).toEqual(new Set([403]));
    }
  },

  async 'the clients are one set in all processes'(app) {
    await using connections = await app.connections();
    const here = { has: true, id: 'grace', isListed: true, isCounted: true };
    const looks = async (): Promise<unknown[]> =>
      Promise.all(connections.map(async (connection) => (await connection.ask('/clients/grace')).json));
    expect(await looks()).not.toContainEqual(here);
    await connections[0].ask('/clients/grace', { method: 'POST' });
    for (const look of await looks()) expect(look).toEqual(here);
    await connections[1].ask('/clients/grace', { method: 'DELETE' });
    for (const look of await looks()) expect(look).toMatchObject({ has: false, isListed: false });
    expect(await app.linesByNow('left grace')).toEqual(['left grace manual']);
  },

  async 'handlers are told once of each client that comes and of each that goes'(app) {
    await using connections = await app.connections();
    const headers = { 'x-client': 'barbara' };
    await Promise.all(connections.map((connection) => connection.ask('/connect', { headers })));
    await Promise.all(connections.map((connection) => connection.ask('/disconnect', { headers })));
    expect([...(await app.linesByNow('barbara'))].sort()).toEqual(['came barbara', 'left barbara request']);
  },
};
