import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { runExample } from './run-example.ts';

const TEXT = 'The lamp is lit at dusk.\nShips wait outside until they see it.\n';
const HOST = 'Host: 127.0.0.1\r\n';

describe('the small web server', () => {
  let example: Awaited<ReturnType<typeof runExample>> | undefined;
  let base = '';
  let port = 0;

  beforeAll(async () => {
    example = await runExample('webserver');
    ({ base, port } = example);
  });
  afterAll(async () => example?.[Symbol.asyncDispose]());

  test('sends files, parts of them, and nothing outside its folder', async () => {
    const url = `${base}/files/harbour.txt`;
    const whole = await fetch(url);
    expect([whole.status, whole.headers.get('content-length'), await whole.text()]).toEqual([200, '63', TEXT]);
    const again = await fetch(url, { headers: { 'if-none-match': whole.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    const part = await fetch(url, { headers: { range: 'bytes=0-7' } });
    expect([part.status, await part.text()]).toEqual([206, 'The lamp']);
    await using client = await RawClient.open(port);
    for (const [path, status] of [
      ['/files/../server.js', 400],
      ['/files/%2e%2e/server.js', 400],
      ['/files/..%2Fserver.js', 404],
      ['/files/nothing.txt', 404],
    ] as const) {
      await using outside = await RawClient.open(port);
      outside.send(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`);
      expect([path, (await outside.responses(1))[0]?.status]).toEqual([path, status]);
    }
    client.send(
      `GET /files/harbour.txt HTTP/1.1\r\n${HOST}\r\nGET /count HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    );
    expect((await client.responses(2)).map(({ status, body }) => [status, body])).toEqual([
      [200, TEXT],
      [200, 'three\ntwo\none\n'],
    ]);
    await client.until(() => client.hasEnded, 'the end of the connection');
  });

  test('sends in chunks what it makes meanwhile', async () => {
    await using client = await RawClient.open(port);
    client.send(`GET /count HTTP/1.1\r\n${HOST}\r\n`);
    await client.until(() => client.received.endsWith('6\r\nthree\n\r\n'), 'the first chunk alone');
    await client.until(() => client.received.endsWith('0\r\n\r\n'), 'the end');
    expect(client.received).toContain('4\r\ntwo\n\r\n');
  });

  test('reads trailers', async () => {
    await using client = await RawClient.open(port);
    client.send(
      `POST /upload HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nahoy!\r\n0\r\nX-Sum: 1\r\n\r\n`,
    );
    expect(JSON.parse((await client.responses(1))[0]?.body ?? '')).toEqual({ bytes: 5, trailers: { 'x-sum': '1' } });
  });

  test('sends trailers to who takes them', async () => {
    const sum = createHash('sha256').update('three\ntwo\none\n').digest('hex');
    await using client = await RawClient.open(port);
    client.send(`GET /count HTTP/1.1\r\n${HOST}TE: trailers\r\n\r\n`);
    await client.until(() => client.received.endsWith(`0\r\nx-checksum: ${sum}\r\n\r\n`), 'the trailers');
    expect(client.received).toContain('\r\ntrailer: x-checksum\r\n');
  });

  test('tells a client that asks to go on, or says at once that it is too much', async () => {
    const head = (length: number): string =>
      `POST /upload HTTP/1.1\r\n${HOST}Content-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
    await using client = await RawClient.open(port);
    client.send(head(5));
    await client.until(() => client.received === 'HTTP/1.1 100 Continue\r\n\r\n', '100 Continue');
    client.send('ahoy!');
    await client.until(() => client.received.endsWith('{"bytes":5,"trailers":{}}'), 'the answer');
    await using large = await RawClient.open(port);
    large.send(head(5_000_000));
    await large.until(() => large.received.includes('PAYLOAD_TOO_LARGE'), 'the refusal');
    expect(large.received).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('waits for a slow writer, and not for ever', async () => {
    await using slow = await RawClient.open(port);
    for (const sign of `GET /files/harbour.txt HTTP/1.1\r\n${HOST}\r\n`) {
      slow.send(sign);
      await new Promise(setImmediate);
    }
    expect((await slow.responses(1))[0]?.status).toBe(200);
    await using stuck = await RawClient.open(port);
    stuck.send(`GET /files/harbour.txt HTTP/1.1\r\n${HOST}X-Thinking: `);
    expect((await stuck.responses(1))[0]?.status).toBe(408);
    await stuck.until(() => stuck.hasEnded, 'the end of the connection');
  });

  test('shows every byte of both sides, in order', async () => {
    const lessons = (await (await fetch(`${base}/wire`)).json()) as readonly { readonly name: string }[];
    const told = await Promise.all(lessons.map(async ({ name }) => [name, await listen(port, name)] as const));
    const all = Object.fromEntries(told);
    expect(all['file']?.server).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(all['file']?.server.endsWith(`\r\n\r\n${TEXT}`)).toBe(true);
    expect(all['range']?.server).toMatch(/^HTTP\/1\.1 206 [^]*\r\n\r\nThe lamp$/);
    expect(all['keep-alive']?.server).toMatch(/^HTTP\/1\.1 200 [^]*\nHTTP\/1\.1 404 /);
    expect(all['chunked']?.server).toMatch(/\r\n\r\n6\r\nthree\n\r\n4\r\ntwo\n\r\n4\r\none\n\r\n0\r\n\r\n$/);
    expect(all['trailers']?.client).toMatch(/0\r\nX-Checksum: 7c2d\r\n\r\n$/);
    expect(all['trailers']?.server).toMatch(/\{"bytes":12,"trailers":\{"x-checksum":"7c2d"\}\}$/);
    expect(all['trailers-back']?.server).toMatch(/\r\n0\r\nx-checksum: [0-9a-f]{64}\r\n\r\n$/);
    expect(all['continue']?.sides).toEqual(['client', 'server', 'client', 'server']);
    expect(all['continue']?.server).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    expect(all['refused']?.client).not.toMatch(/\r\n\r\n./s);
    expect(all['refused']?.server).toMatch(/^HTTP\/1\.1 413 /);
    expect(all['slow']?.sides.filter((side) => side === 'client')).toHaveLength(5);
    expect(all['slow']?.server).toMatch(/^HTTP\/1\.1 200 /);
    expect(all['stuck']?.server).toMatch(/^HTTP\/1\.1 408 /);
    expect(told).toHaveLength(10);
    expect((await fetch(`${base}/wire/nothing`, { headers: { accept: 'text/event-stream' } })).status).toBe(400);
  });
});

/** What a lesson shows: the bytes of each side, and who spoke when. */
async function listen(
  port: number,
  lesson: string,
): Promise<{ readonly client: string; readonly server: string; readonly sides: readonly string[] }> {
  await using stream = await EventClient.open(port, `/wire/${lesson}`);
  await stream.end();
  expect(stream.received.at(-1)?.event).toBe('done');
  const pieces = stream.received
    .slice(0, -1)
    .map(({ data }) => JSON.parse(data) as { readonly side: string; readonly bytes: string });
  const of = (side: string): string =>
    pieces
      .filter((piece) => piece.side === side)
      .map(({ bytes }) => bytes)
      .join('');
  return { client: of('client'), server: of('server'), sides: pieces.map(({ side }) => side) };
}

describe.skipIf(SKIPS_BROWSER)('its page', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  test('shows both sides, by keyboard, at 390 and 1200 pixels', async () => {
    await using example = await runExample('webserver');
    const page = await (browser as Browser).newPage({ viewport: { width: 390, height: 900 } });
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error)));
    page.on('console', (message) => failures.push(message.text()));
    await page.goto(example.base);
    await page.getByText('The server closed the connection.').waitFor();
    await page.getByRole('button', { name: 'Two on one connection' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('listitem').filter({ hasText: '0\\r\\n' }).last().waitFor();
    await page.getByText('The server closed the connection.').waitFor();
    expect(await page.getByRole('button', { name: 'Chunks' }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.getByRole('listitem').first().locator('pre').textContent()).toBe(
      String.raw`GET /count HTTP/1.1\r\n|Host: 127.0.0.1\r\n|Connection: close\r\n|\r\n|`.replaceAll('|', '\n'),
    );
    for (const width of [390, 1200]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await shoot(page, `webserver-${width}`);
    }
    expect(failures).toEqual([]);
    await page.close();
  });

  test('two browsers, while the server goes and is started again, and a tab is closed hard', async () => {
    let example = await runExample('webserver');
    const { base, port } = example;
    const open = async (): Promise<Page> => {
      const page = await (await (browser as Browser).newContext()).newPage();
      await page.goto(base);
      await page.getByText('The server closed the connection.').waitFor();
      return page;
    };
    const [one, two] = [await open(), await open()];
    await two.context().close();
    example.program.kill('SIGKILL');
    await example.program.exit;
    await one.getByRole('button', { name: 'Chunks' }).click();
    await one.getByText('No answer.').waitFor();
    expect(await one.getByRole('listitem').count()).toBe(0);
    example = await runExample('webserver', port);
    await using _ = example;
    await one.getByRole('button', { name: 'Chunks' }).click();
    await one.getByText('The server closed the connection.').waitFor();
    await one.getByRole('listitem').filter({ hasText: '0\\r\\n' }).last().waitFor();
    await one.context().close();
  });
});
