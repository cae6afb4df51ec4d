import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { hasOpenssl, makeCertificate } from '../../packages/portlight/test/support/make-certificate.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { findProgram } from '../conformance/find-program.ts';
import { PROXIES } from '../conformance/proxy-kinds.ts';
import { isSkipped, type ProxyKind, ProxyProcess } from '../conformance/proxy-process.ts';
import { skipsWithout } from '../conformance/skips-without.ts';
import { IS_LONG, isAlive } from './workers/children.ts';
import { ReloadedApp } from './workers/reloaded-app.ts';

const NGINX = PROXIES.find(({ name }) => name === 'nginx') as ProxyKind;

/** Clients that keep their connections, and as many others that open one for each request. */
async function expectNoLoss(app: ReloadedApp, reloads: number, { port = app.port, clients = 6 } = {}): Promise<void> {
  const traffics = [app.traffic(clients, Infinity, port), app.traffic(clients, 1, port)];
  for (let reload = 1; reload <= reloads; reload++) {
    app.change(`export const version = 'of reload ${reload}';`);
    await app.reload();
    expect(await app.ask('/version')).toBe(`of reload ${reload}`);
    await Promise.all(traffics.map((traffic) => traffic.more(50)));
  }
  for (const traffic of traffics) await traffic.stop();
  expect(traffics.flatMap(({ failures }) => failures)).toEqual([]);
  expect(app.outcomes()).toEqual(Array.from({ length: reloads }, () => 'Reloaded.'));
}

/** Two children at a time, as often as they were replaced; of those before nothing is left. */
function expectReplaced(app: ReloadedApp, reloads: number): void {
  expect(app.children()).toHaveLength(2 + 2 * reloads);
  expect(app.children().slice(0, -2).filter(isAlive)).toEqual([]);
}

describe('a reload', IS_LONG ? { timeout: 600_000 } : {}, () => {
  test.each([
    ['', 3, {}, []],
    [' of the lane of node:http', 1, { lane: 'http' }, []],
    [' where Node cannot share a port', 1, {}, ['--import', './fixtures/without-shared-handles.mjs']],
  ] as const)('under load loses no request%s', async (_where, reloads, options, args) => {
    await using app = await ReloadedApp.start(options, args);
    const count = IS_LONG ? 20 : reloads;
    await expectNoLoss(app, count);
    expectReplaced(app, count);
    expect(await app.stop()).toBe(0);
    expect(app.program.errors).not.toMatch(/ERROR|WARN/);
    expect(app.program.output.match(/^(?:onPrimary|onShutdown) by \d+$/gm)).toEqual(
      ['onPrimary', 'onShutdown'].map((hook) => `${hook} by ${app.pid}`),
    );
  });

  test('under load loses none where each connection has a process', async () => {
    await using app = await ReloadedApp.start({ mode: 'forked', children: 8, maxSpare: 2 });
    await expectNoLoss(app, IS_LONG ? 20 : 1, { clients: 2 });
    expect(await app.stop()).toBe(0);
  });

  test.skipIf(!hasOpenssl())('under load loses none over TLS', async () => {
    await using app = await ReloadedApp.start({ tls: await makeCertificate('app.test') });
    await expectNoLoss(app, IS_LONG ? 20 : 1);
    expectReplaced(app, IS_LONG ? 20 : 1);
    expect(await app.stop()).toBe(0);
  });

  test.skipIf(!IS_LONG || isSkipped(NGINX))('under load through nginx loses none either', async () => {
    await using app = await ReloadedApp.start();
    await using proxy = await ProxyProcess.start(NGINX, app.port);
    await expectNoLoss(app, 20, { port: proxy.port });
    expectReplaced(app, 20);
    expect(await app.stop()).toBe(0);
  });

  test('has each client end as it may, and come back to the new code', async () => {
    await using app = await ReloadedApp.start({ children: 1 });
    await using feed = await EventClient.open(app.port, '/news');
    await app.ask('/publish/first', 'POST');
    await feed.events(1);
    await using socket = await WebSocketClient.open(app.port, '/echo');
    await using idle = await RawClient.open(app.port);
    await idle.send(get('/version')).response();
    await using asking = await RawClient.open(app.port);
    await asking.send(get('/version')).response();
    await using upload = await RawClient.open(app.port);
    upload.send('POST /upload HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabc');
    await app.program.said('upload begun');
    app.change("export const version = 'two';");
    const reloaded = app.reload();
    expect([(await socket.end()).code, await feed.end()]).toEqual([1001, 'end']);
    // From here on the old child takes nothing new.
    expect(await app.ask('/version')).toBe('two');
    expect(await app.ask('/publish/second', 'POST')).toMatch(/"subscribers":0/);
    const [, last] = await asking.send(get('/version')).responses(2);
    expect([last?.body, last?.headers.get('connection')]).toEqual(['one', 'close']);
    await asking.ended();
    // Nothing is asked on this one: it is closed without a word.
    expect((await idle.ended()).match(/HTTP/g)).toHaveLength(1);
    upload.send('def');
    const answer = await upload.response();
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    await using again = await EventClient.open(app.port, '/news', { 'last-event-id': feed.received[0]?.id ?? '' });
    expect(await again.data(1)).toEqual(['second']);
    await reloaded;
    expect(app.program.output).toMatch(/after run: replaced by/);
    expect(await app.stop()).toBe(0);
  });

  test('lets clients that are connected stay so, and a stop tells of each', async () => {
    await using app = await ReloadedApp.start();
    await app.ask('/connect');
    for (const reload of [1, 2]) {
      await app.reload();
      expect([reload, await app.ask('/private')]).toEqual([reload, 'welcome']);
    }
    expect(await app.stop()).toBe(0);
    expect(app.program.output.match(/\S+ left for .* by/g)).toEqual(['127.0.0.1 left for shutdown by']);
  });

  test('that is asked for twice during one comes once more', async () => {
    await using app = await ReloadedApp.start();
    for (const version of ['two', 'three', 'four']) {
      app.change(`export const version = '${version}';`);
      app.program.kill('SIGUSR2');
      if (version === 'two') await app.program.said('Reloading');
    }
    await app.over(2);
    expect(await app.ask('/version')).toBe('four');
    expect(app.children()).toHaveLength(6);
    expect((await app.workers()).map(({ state, restarts }) => [state, restarts])).toEqual([
      ['ready', 2],
      ['ready', 2],
    ]);
    expect(await app.stop()).toBe(0);
  });

  test('comes by SIGHUP too, where no terminal is on standard input', async () => {
    await using app = await ReloadedApp.start({ children: 1 });
    await app.reload('SIGHUP');
    expect(app.children()).toHaveLength(2);
    app.program.killGroup('SIGHUP');
    await app.over(2);
    expect(app.children()).toHaveLength(3);
    expect(await app.stop()).toBe(0);
  });

  test.skipIf(skipsWithout(findProgram('script'), 'a terminal', 'script'))(
    'does not come by SIGHUP of a terminal, which leaves nobody behind',
    async () => {
      const command = `${process.execPath} fixtures/workers.mjs '{"size":1}'`;
      const terminal = spawn(findProgram('script') as string, ['-qfec', command, '/dev/null'], {
        cwd: new URL('.', import.meta.url),
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let said = '';
      const listens = new Promise<void>((resolve) => {
        terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('listening')) resolve();
        });
      });
      await listens;
      const [, primary] = /onPrimary by (\d+)/.exec(said) ?? [];
      const [, child] = /onWorkerStart by (\d+)/.exec(said) ?? [];
      process.kill(Number(primary), 'SIGHUP');
      await once(terminal, 'close');
      expect(isAlive(Number(primary))).toBe(false);
      while (isAlive(Number(child))) await delay(20);
      expect(said).not.toContain('Reloading');
    },
  );
});

describe('a reload with broken code', () => {
  test.each([
    ['that is no program', 'export const version = ;', /SyntaxError: Unexpected token ';'/],
    ['that throws', "throw new RangeError('broken on import')", /RangeError: broken on import\n.*part\.mjs:1/],
    ['that ends', 'process.exit(0)', /ended before it was ready, with code 0/],
    ['that is never ready', 'await new Promise(() => setInterval(() => {}, 1_000))', /not ready within bootTimeoutMs/],
    [
      'that cannot listen',
      `import { Server } from 'node:net';
      Server.prototype.listen = function () {
        process.nextTick(() => this.emit('error', Object.assign(new Error('listen EACCES'), { code: 'EACCES' })));
      };
      export const version = 'two';`,
      /listen EACCES/,
    ],
  ])('%s keeps the old processes', async (_what, code, message) => {
    await using app = await ReloadedApp.start({ bootTimeoutMs: 4_000 });
    const old = app.children();
    await using traffic = app.traffic(4, 5);
    app.change(code);
    await app.reload();
    await traffic.more(20);
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    expect(app.program.errors).toMatch(message);
    expect(app.outcomes()).toEqual(['The reload has failed']);
    expect((await app.workers()).map(({ pid, state }) => [pid, state])).toEqual(
      expect.arrayContaining(old.map((pid) => [pid, 'ready'])),
    );
    app.change("export const version = 'mended';");
    await app.reload();
    expect(await app.ask('/version')).toBe('mended');
    expect(await app.stop()).toBe(0);
  });
});

describe('a child', () => {
  test('that leaks is replaced before it falls over, and no request is lost', async () => {
    await using app = await ReloadedApp.start({ children: 1, maxMemoryBytes: 400 * 1_048_576 });
    await using traffic = app.traffic(4, 5);
    const isReplaced = (): boolean => app.children().length > 1;
    while (!isReplaced()) {
      await app.ask('/leak/50');
      await traffic.more(20);
    }
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    expect(app.program.errors).toMatch(/Worker 1 holds \d+ MiB, and is replaced\./);
    expect(await app.stop()).toBe(0);
  });

  test('that has answered enough is replaced, one at a time, and no request is lost', async () => {
    await using app = await ReloadedApp.start({ maxRequestsPerWorker: 50 });
    await using traffic = app.traffic(4, 5);
    const ready = (count: number): Promise<true> =>
      app.program.until(() => (app.children().length >= count ? true : undefined), 'of another child');
    await ready(4);
    expect((await app.workers()).length).toBeLessThanOrEqual(3);
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    expect(app.program.errors).toMatch(/Worker \d has answered \d+ requests, and is replaced\./);
    expect(await app.stop()).toBe(0);
  });
});

describe('during a reload', () => {
  test('a stop ends both', async () => {
    await using app = await ReloadedApp.start({ drainTimeoutMs: 2_000 });
    app.change('await new Promise(() => setInterval(() => {}, 1_000));');
    app.program.kill('SIGUSR2');
    await app.program.said('Reloading');
    expect(await app.stop()).toBe(0);
    expect(app.program.errors).not.toMatch(/The reload has failed|Reloaded|ERROR/);
    app.program.killGroup('SIGKILL');
  });

  test('a signal to reload during a stop is passed over', async () => {
    await using app = await ReloadedApp.start({ drainTimeoutMs: 1_000 });
    await using client = await RawClient.open(app.port);
    client.send(get('/hang'));
    await app.program.said('hang begun');
    app.program.kill('SIGTERM');
    await app.program.said('Stopping');
    app.program.kill('SIGUSR2');
    app.program.kill('SIGHUP');
    // The handler was cut.
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    expect(app.children()).toHaveLength(2);
  });

  test('an old process that is killed is not followed by two', async () => {
    await using app = await ReloadedApp.start();
    app.change("await new Promise((resolve) => setTimeout(resolve, 1_000)); export const version = 'two';");
    const [first = 0] = app.children();
    const { pid = first } = (await app.workers()).find(({ pid }) => pid === first) ?? {};
    const reloaded = app.reload();
    await app.program.said('Reloading');
    process.kill(pid, 'SIGKILL');
    await reloaded;
    // The one that has taken its place may have come by itself, and later.
    await app.program.until(() => (app.children().length >= 4 ? true : undefined), 'that four have begun to serve');
    expect(await app.ask('/version')).toBe('two');
    expect(await app.stop()).toBe(0);
    expect(app.children()).toHaveLength(4);
  });

  test('a new process that is killed ends it, and the old ones go on', async () => {
    await using app = await ReloadedApp.start();
    app.change('console.log(`new is ${process.pid}`); await new Promise(() => setInterval(() => {}, 1_000));');
    const reloaded = app.reload();
    const [, pid] = await app.program.said(/new is (\d+)/);
    process.kill(Number(pid), 'SIGKILL');
    await reloaded;
    expect(app.outcomes()).toEqual(['The reload has failed']);
    expect(app.program.errors).toMatch(/by SIGKILL/);
    expect(new Set((await app.workers()).map(({ pid }) => pid))).toEqual(new Set(app.children()));
    expect(await app.stop()).toBe(0);
  });
});
