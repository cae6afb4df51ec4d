import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { runExample } from './run-example.ts';

const LONG_MS = 60_000;
const known = { host: '127.0.0.1', available: 'No match for', taken: 'Domain Name:' };

/** What the registries here were asked, by their top-level domain. */
const asked: { readonly zone: string; readonly line: string }[] = [];
const servers: (Server | DatagramSocket)[] = [];
/** Told of each connection to the silent registry. */
let onSilent: (socket: Socket) => void = () => {};

async function tcp(zone: string, answer: (socket: Socket, line: string) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).setEncoding('utf8');
    socket.once('data', (line: string) => {
      asked.push({ zone, line });
      answer(socket, line.trim());
    });
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

async function udp(zone: string, answers: (name: string) => readonly string[]): Promise<number> {
  const socket = createSocket('udp4');
  servers.push(socket);
  socket.on('message', (name, { port, address }) => {
    asked.push({ zone, line: String(name) });
    for (const answer of answers(String(name))) socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

const line = (name: string): string => (name.startsWith('free') ? `No match for ${name}\n` : `Domain Name: ${name}\n`);

describe('the domain lookup', () => {
  let folder = '';
  let example: Awaited<ReturnType<typeof runExample>> | undefined;
  let base = '';
  let port = 0;

  beforeAll(async () => {
    const closed = await tcp('closed', () => {});
    const dead = servers.pop() as Server;
    await once(dead.close(), 'close');
    const over = (protocol: string, at: number, timeoutMs = LONG_MS): object => ({
      ...known,
      protocol,
      port: at,
      timeoutMs,
    });
    const silent = await tcp('silent', (socket) => onSilent(socket));
    const registries = {
      // In pieces, the telling one last.
      com: over(
        'tcp',
        await tcp('com', (socket, name) => {
          socket.write('% Some words\n');
          setImmediate(() => {
            socket.write(line(name).slice(0, 5));
            setImmediate(() => socket.end(line(name).slice(5)));
          });
        }),
      ),
      // The first packet counts.
      net: over('udp', await udp('net', (name) => [line(name), name.startsWith('free') ? line('x') : line('free')])),
      silent: over('tcp', silent, 300),
      // Later than any answer, on a slow machine too.
      late: over('tcp', silent, 5_000),
      mute: over('udp', await udp('mute', () => []), 300),
      patient: over('tcp', silent),
      closed: over('tcp', closed),
      'closed-udp': over('udp', closed),
      reset: over('tcp', await tcp('reset', (socket) => socket.resetAndDestroy())),
      empty: over('tcp', await tcp('empty', (socket) => socket.end())),
      odd: over('tcp', await tcp('odd', (socket) => socket.end('Too many questions.\n'))),
      flood: over('tcp', await tcp('flood', flood)),
    };
    folder = await mkdtemp(join(tmpdir(), 'domain-lookup-'));
    const file = join(folder, 'registries.json');
    await writeFile(file, JSON.stringify(registries));
    example = await runExample('domain-lookup', 0, { REGISTRIES: file, ALL_MS: '1500' });
    ({ base, port } = example);
  });

  afterAll(async () => {
    await example?.[Symbol.asyncDispose]();
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const path = (...names: readonly string[]): string =>
    `/lookup?${new URLSearchParams(names.map((name): [string, string] => ['domain', name]))}`;
  const ask = async (...names: readonly string[]): Promise<unknown> => (await fetch(base + path(...names))).json();

  test('asks over TCP to the end and by datagrams for the first, and answers under the names as they were asked', async () => {
    expect(await ask('free.com', 'TAKEN.com', 'free.net', 'Taken.Net', 'free-bücher.com', 'free.com')).toEqual({
      'free.com': 1,
      'TAKEN.com': 0,
      'free.net': 1,
      'Taken.Net': 0,
      'free-bücher.com': 0,
    });
    expect(asked.filter(({ line: each }) => each === 'free.com\r\n')).toHaveLength(1);
    expect(asked.map(({ line: each }) => each)).toContain('taken.net');
    expect(asked.map(({ line: each }) => each)).toContain('xn--free-bcher-feb.com\r\n');
    expect(await ask('free.com')).toEqual({ 'free.com': 1 });
  });

  test('what fails is -1, and fails alone', async () => {
    const failing = ['reset', 'empty', 'odd', 'flood', 'closed', 'closed-udp', 'silent', 'mute', 'patient'];
    const names = failing.map((zone) => `free.${zone}`);
    const answers = await ask(...names, 'free.com', 'free.unknown', 'com', '.com', '', '__proto__', 'a.constructor');
    expect(answers).toEqual(
      Object.fromEntries([
        ...[...names, 'free.unknown', 'com', '.com', '', '__proto__', 'a.constructor'].map((name) => [name, -1]),
        ['free.com', 1],
      ]),
    );
  });

  test('a name never becomes a second line of the question', async () => {
    const before = asked.length;
    const names = ['a.com\r\nfree.com', 'free\n.com', 'free com.com', 'free\t.com', '\0free.com'];
    expect(await ask(...names)).toEqual(Object.fromEntries(names.map((name) => [name, -1])));
    expect(asked.slice(before)).toEqual([]);
  });

  test('as an event stream each answer comes when it is there, the slow one last', async () => {
    await using client = await EventClient.open(port, path('slow.late', 'free.com', 'taken.net'));
    await client.end();
    expect(client.received.map(({ event }) => event)).toEqual(['answer', 'answer', 'answer', 'done']);
    const answers = client.received.slice(0, 3).map(({ data }) => JSON.parse(data) as { readonly domain: string });
    expect(answers.at(-1)).toEqual({ domain: 'slow.late', answer: -1 });
    expect(answers).toEqual(expect.arrayContaining([{ domain: 'free.com', answer: 1 }]));
    expect(answers).toEqual(expect.arrayContaining([{ domain: 'taken.net', answer: 0 }]));
  });

  test.each(['application/json', 'text/event-stream'])('is aborted with the request for %s', async (accept) => {
    const reached = new Promise<Socket>((resolve) => (onSilent = resolve));
    const leaving = new AbortController();
    const answer = fetch(base + path('free.patient'), { headers: { accept }, signal: leaving.signal }).then((each) =>
      each.text(),
    );
    const socket = await reached;
    const gone = once(socket, 'close');
    leaving.abort();
    await expect(answer).rejects.toThrow('abort');
    await gone;
    onSilent = () => {};
  });

  test('refuses no name at all, too many, and one that is too long', async () => {
    const many = Array.from({ length: 51 }, (_, index) => `${index}.com`);
    for (const each of ['/lookup', path(...many), path('x'.repeat(254))])
      expect((await fetch(base + each)).status).toBe(400);
  });
});

/** Says more than anybody wants to know, for as long as it is heard. */
function flood(socket: Socket): void {
  const words = function* (): Generator<string> {
    for (;;) yield 'x'.repeat(16_384);
  };
  pipeline(words, socket).catch(() => {});
}

describe.skipIf(SKIPS_BROWSER)('the page of the domain lookup', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  test('fills in as answers come, by keyboard, at 390 and 1200 pixels', async () => {
    await using example = await runExample('domain-lookup', 0, { ALL_MS: '1000' });
    const page = await (browser as Browser).newPage({ viewport: { width: 390, height: 800 } });
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(example.base);
    const names = page.getByLabel('Domains, one a line');
    await names.fill('silent.org\nlamp.net\nlantern.net\n<b>x</b>.net');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const item = (name: string, word: string): Promise<void> =>
      page.getByRole('listitem').filter({ hasText: name }).getByText(word, { exact: true }).waitFor();
    await item('lamp.net', 'taken');
    await item('lantern.net', 'available');
    await item('<b>x</b>.net', 'no answer');
    await item('silent.org', 'no answer');
    await page.getByText('All answered.').waitFor();
    for (const width of [390, 1200]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await shoot(page, `domain-lookup-${width}`);
    }
    await page.getByText('the same as JSON').click();
    await page.getByText('"silent.org":-1').waitFor();
    expect(failures).toEqual([]);
    await page.close();
  });

  test('two browsers, while the server goes in the middle and is started again, and a tab is closed hard', async () => {
    await using silent = createServer((socket) => socket.on('error', () => {}).resume());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    await using folder = await TempFolder.create();
    const registries = {
      org: { ...known, protocol: 'tcp', port: (silent.address() as AddressInfo).port, timeoutMs: LONG_MS },
    };
    const environment = { REGISTRIES: await folder.write('registries.json', JSON.stringify(registries)) };
    let example = await runExample('domain-lookup', 0, { ...environment, ALL_MS: String(LONG_MS) });
    const { base, port } = example;
    const open = async (): Promise<Page> => {
      const page = await (await (browser as Browser).newContext()).newPage();
      await page.goto(base);
      await page.getByRole('button', { name: 'Look up' }).click();
      await page.getByText('1 of 6 still asked …').waitFor();
      return page;
    };
    const word = (page: Page, name: string): Promise<string | null> =>
      page.getByRole('listitem').filter({ hasText: name }).locator('b').textContent();
    const [one, two] = [await open(), await open()];
    await two.context().close();
    example.program.kill('SIGKILL');
    await one.getByText('The server did not answer to the end.').waitFor();
    expect([await word(one, 'silent.org'), await word(one, 'lamp.net')]).toEqual(['not known', 'no answer']);
    await example.program.exit;
    await one.getByRole('button', { name: 'Look up' }).click();
    await one.getByText('The server did not answer to the end.').waitFor();
    example = await runExample('domain-lookup', port, { ...environment, ALL_MS: '500' });
    await using _ = example;
    await one.getByRole('button', { name: 'Look up' }).click();
    await one.getByText('All answered.').waitFor();
    expect([await word(one, 'silent.org'), await word(one, 'lamp.net')]).toEqual(['no answer', 'no answer']);
    await one.context().close();
  });
});
