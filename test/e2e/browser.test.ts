import type { Browser, Page } from 'playwright-core';
import { type EventStream, HttpResponse, HttpServer } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort } from '../conformance/find-free-port.ts';
import { IS_BROWSER_MISSING, launchBrowser, Notes, SKIPS_BROWSER } from './browser.ts';
import { RunningProgram } from './run-program.ts';

test.skipIf(SKIPS_BROWSER)('a browser is installed', () => {
  expect(IS_BROWSER_MISSING).toBe(false);
});

describe.skipIf(SKIPS_BROWSER)('in a browser', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  /** A server, and a page of it that runs a script; both until the block is left. */
  const openPage = async (
    register: (server: HttpServer) => unknown,
    script: string,
  ): Promise<
    { readonly server: HttpServer; readonly port: number; readonly page: Page; readonly notes: Notes } & AsyncDisposable
  > => {
    const server = new HttpServer('127.0.0.1', 0).get('/', () =>
      HttpResponse.html(`<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`),
    );
    register(server);
    await server.start();
    const page = await (browser as Browser).newPage();
    const notes = await Notes.of(page);
    const { port } = server.getAddress();
    await page.goto(`http://127.0.0.1:${port}/`);
    return {
      server,
      port,
      page,
      notes,
      async [Symbol.asyncDispose]() {
        await page.close();
        await server.shutdown({ timeoutMs: 0 });
      },
    };
  };

  /** Of a stream that is told to come back soon. */
  const LISTEN =
    "const source = new EventSource('/news'); source.onmessage = ({ data }) => note(data); source.addEventListener('portlight.gap', ({ data }) => note(`gap of ${JSON.parse(data).topic}`));";

  test('an EventSource gets events, comes back when the server ends its stream, and misses nothing and gets nothing twice', async () => {
    const streams: EventStream[] = [];
    const told: (string | undefined)[] = [];
    await using open = await openPage(
      (server) =>
        server.history('news', { size: 100 }).events('/news', async (stream) => {
          stream.send({ retry: 10 });
          told.push(stream.lastEventId);
          await stream.join('news');
          streams.push(stream);
        }),
      LISTEN,
    );
    await until(() => streams.length === 1);
    const ids: (string | undefined)[] = [];
    let published = 0;
    const publish = async (): Promise<void> =>
      void ids.push((await open.server.publish('news', String(++published))).id);
    for (let round = 1; round <= 5; round++) {
      await publish();
      await publish();
      await open.notes.first(published);
      streams.at(-1)?.close();
      // Nobody is there for these.
      await publish();
      await publish();
      await open.notes.first(published);
      // One that comes while it is back already.
      await publish();
      await open.notes.first(published);
    }
    expect(await open.notes.first(published)).toEqual(Array.from({ length: 25 }, (_, index) => String(index + 1)));
    // It comes back with the last it saw.
    expect(told).toEqual([undefined, ...Array.from({ length: 5 }, (_, round) => ids[round * 5 + 1])]);
  });

  test('an EventSource is told when it missed too much', async () => {
    const streams: EventStream[] = [];
    await using open = await openPage(
      (server) =>
        server.history('news', { size: 2 }).events('/news', async (stream) => {
          stream.send({ retry: 10 });
          await stream.join('news');
          streams.push(stream);
        }),
      LISTEN,
    );
    await until(() => streams.length === 1);
    await open.server.publish('news', '1');
    await open.notes.first(1);
    streams[0]?.close();
    for (const data of ['2', '3', '4']) await open.server.publish('news', data);
    expect(await open.notes.first(4)).toEqual(['1', 'gap of news', '3', '4']);
  });

  test('an EventSource reads data as they were sent, whatever they hold', async () => {
    const sent = [
      'text',
      '',
      ' a',
      ':a',
      'a\nb',
      'a\rb',
      'a\r\nb',
      '\n',
      '\n\nevent: evil\ndata: b',
      '\ufeffa',
      'a\0b',
      'a\ud800b',
      'a\u2028b',
      '😀',
      'x'.repeat(1_000_000),
    ];
    await using open = await openPage(
      (server) =>
        server.events('/news', async function* () {
          for (const data of sent) {
            await Promise.resolve();
            yield { data };
          }
          yield { data: 'end', retry: 600_000 };
        }),
      LISTEN,
    );
    const read = await open.notes.first(sent.length + 1);
    expect(read).toEqual([
      ...sent.map((data) =>
        Buffer.from(data)
          .toString()
          .replaceAll(/\r\n|\r/g, '\n'),
      ),
      'end',
    ]);
  });

  test('an EventSource does not come back after 204', async () => {
    let asked = 0;
    await using open = await openPage(
      (server) =>
        server.events('/news', (stream) => {
          if (++asked > 1) return new HttpResponse(null, { status: 204 });
          stream.send({ data: 'once', retry: 10 });
          stream.close();
          return undefined;
        }),
      `${LISTEN} source.onerror = () => { if (source.readyState === 2) note('closed'); };`,
    );
    expect(await open.notes.first(2)).toEqual(['once', 'closed']);
    expect(asked).toBe(2);
  });

  test('a tab that is closed is out of the topic', async () => {
    const streams: EventStream[] = [];
    await using open = await openPage(
      (server) =>
        server.events('/news', (stream) => {
          void stream.join('news', { member: 'tab' });
          streams.push(stream);
        }),
      LISTEN,
    );
    await until(() => streams.length === 1);
    expect(await open.server.presence('news')).toHaveLength(1);
    await open.page.close();
    await streams[0]?.closed;
    expect(await open.server.presence('news')).toEqual([]);
  });

  test('a WebSocket speaks text and bytes, and is closed by either side with a code', async () => {
    const closed: number[] = [];
    await using open = await openPage(
      (server) =>
        server.accept('/echo', {
          message: (message, channel) => (message === 'close' ? channel.close(4_001, 'as you like') : message),
          close: (_channel, code) => void closed.push(code),
        }),
      `
      const open = () => {
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/echo');
        socket.binaryType = 'arraybuffer';
        socket.onmessage = ({ data }) => note(typeof data === 'string' ? data : [...new Uint8Array(data)]);
        return socket;
      };
      const one = open();
      one.onopen = () => {
        for (const message of ['text', new Uint8Array([1, 2, 3]), '😀', 'close']) one.send(message);
      };
      one.onclose = ({ code, reason, wasClean }) => {
        note({ code, reason, wasClean });
        const two = open();
        two.onopen = () => two.close(4_002);
        two.onclose = ({ code }) => note({ code });
      };`,
    );
    expect(await open.notes.first(5)).toEqual([
      'text',
      [1, 2, 3],
      '😀',
      { code: 4_001, reason: 'as you like', wasClean: true },
      { code: 4_002 },
    ]);
    await until(() => closed.length === 2);
    expect(closed).toEqual([4_001, 4_002]);
  });

  test('a page of another origin gets neither a WebSocket nor the events', async () => {
    let opened = 0;
    await using open = await openPage(
      (server) =>
        server
          .accept('/echo', { open: () => void opened++ })
          .events('/news', (stream) => void stream.send({ data: 'secret' })),
      '',
    );
    await using foreign = await openPage(
      (server) => server,
      `
      const socket = new WebSocket('ws://127.0.0.1:${open.port}/echo');
      socket.onopen = () => note('opened');
      socket.onclose = ({ code }) => {
        note({ code });
        const source = new EventSource('http://127.0.0.1:${open.port}/news');
        source.onmessage = ({ data }) => note(data);
        source.onerror = () => note({ readyState: source.readyState });
      };`,
    );
    expect(await foreign.notes.first(2)).toEqual([{ code: 1006 }, { readyState: 2 }]);
    expect(opened).toBe(0);
  });

  test.each([390, 1200])(
    'the page of the modes shows who is blocked, and fits %i pixels',
    async (width) => {
      await using program = new RunningProgram(['../../examples/forked/modes.js'], { PORT: '0' });
      const [, address] = await program.said(/Open (http:\/\/127\.0\.0\.1:\d+)/);
      const page = await (browser as Browser).newPage({ viewport: { width, height: 900 } });
      let isSeen = (): void => {};
      const seen = new Promise<void>((resolve) => (isSeen = resolve));
      // It computes longer, and its answer comes later, so that a slow machine shows both in time.
      await page.route('**/block?*', async (route) => {
        const response = await route.fetch({ url: route.request().url().replace('5000', '10000') });
        await seen;
        await route.fulfill({ response });
      });
      await page.goto(`${address}/?mode=forked`);
      await page.getByText('1: busy').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.getByRole('button', { name: 'Block for five seconds' }).click();
      await page.getByText(': blocked').waitFor();
      const shown = await page.locator('#time').textContent();
      await page.waitForFunction(`document.querySelector('#time').textContent !== ${JSON.stringify(shown)}`);
      expect(await page.locator('#blocked').textContent()).toBe('A handler computes …');
      isSeen();
      await page.getByText(/Process \d+ answered after/).waitFor();
      await page.getByLabel('concurrent').check();
      await page.getByText('1: busy').waitFor();
      expect(await page.locator('#workers li').count()).toBe(1);
      await page.close();
      program.kill('SIGTERM');
      expect(await program.exit).toEqual({ code: 0, signal: null });
    },
    60_000,
  );

  test('the example of the modes leaves none of its servers behind where it is killed', async () => {
    await using program = new RunningProgram(['../../examples/forked/modes.js'], { PORT: '0' });
    const [, address] = await program.said(/Open (http:\/\/127\.0\.0\.1:\d+)/);
    const urls = Object.values((await (await fetch(`${address}/modes`)).json()) as Record<string, string>);
    expect(urls).toHaveLength(4);
    program.kill('SIGKILL');
    // Its output ends with the last process that has it.
    expect(await program.exit).toEqual({ code: null, signal: 'SIGKILL' });
    for (const url of urls) await expect(fetch(`${url}/clock`)).rejects.toThrow('fetch failed');
  });

  test('the page of the modes is back after a restart, though all its servers have other ports', async () => {
    const port = String(await findFreePort());
    const start = async (): Promise<RunningProgram> => {
      const program = new RunningProgram(['../../examples/forked/modes.js'], { PORT: port });
      await program.said('Open http://');
      return program;
    };
    const open = async (): Promise<Page> => {
      const page = await (await (browser as Browser).newContext()).newPage();
      await page.goto(`http://127.0.0.1:${port}/?mode=workers`);
      await page
        .getByText(/\d: busy/)
        .first()
        .waitFor();
      return page;
    };
    await using first = await start();
    const [one, two] = [await open(), await open()];
    // A tab that is closed hard while it keeps a process busy.
    await two.getByRole('button', { name: 'Block for five seconds' }).click();
    await two.getByText('A handler computes …').waitFor();
    await two.context().close();
    await one.getByRole('button', { name: 'Block for five seconds' }).click();
    first.kill('SIGTERM');
    await first.exit;
    await one.getByText('The server is away. Trying again …').waitFor();
    expect(await one.locator('#workers li').count()).toBe(0);
    await using second = await start();
    await one
      .getByText(/\d: busy/)
      .first()
      .waitFor();
    expect(await one.getByRole('status').first().textContent()).toBe('');
    const shown = await one.locator('#time').textContent();
    await one.waitForFunction(`document.querySelector('#time').textContent !== ${JSON.stringify(shown)}`);
    await one.context().close();
    second.kill('SIGTERM');
    expect(await second.exit).toEqual({ code: 0, signal: null });
  }, 60_000);
});

/** What only the server of this process sees happens within one of its turns. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
