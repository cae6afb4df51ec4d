import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { runExample } from './run-example.ts';

const EVIL = '<img src=x onerror="document.title=\'hacked\'">';

interface Told {
  readonly kind: string;
  readonly text?: string;
  readonly from?: string;
  readonly id?: string;
  readonly why?: string;
  readonly process?: number;
  readonly member?: string;
  readonly members?: readonly string[];
}

const path = (room: string, name: string): string =>
  `/rooms/${encodeURIComponent(room)}?name=${encodeURIComponent(name)}`;

const toldTo = (client: WebSocketClient, kind: string): readonly Told[] =>
  client.received.map((message) => JSON.parse(String(message)) as Told).filter((told) => told.kind === kind);

async function told(client: WebSocketClient, kind: string, count: number): Promise<readonly Told[]> {
  await client.until(() => toldTo(client, kind).length >= count);
  return toldTo(client, kind);
}

async function enter(port: number, room: string, name: string): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(port, path(room, name));
  await told(client, 'here', 1);
  return client;
}

const say = (client: WebSocketClient, text: unknown): unknown => client.send(JSON.stringify({ text }));
const processOf = (client: WebSocketClient): number => toldTo(client, 'here')[0]?.process ?? 0;

/** Somebody whose channel another child holds than that of the first. */
async function enterElsewhere(port: number, room: string, first: WebSocketClient): Promise<WebSocketClient> {
  for (let tries = 1; ; tries++) {
    const client = await enter(port, room, 'Grace');
    if (processOf(client) !== processOf(first)) return client;
    await client[Symbol.asyncDispose]();
    await told(first, 'left', tries);
  }
}

describe('the WebSocket chat', () => {
  // The one server of tests that leave nothing behind, and have five connections in all.
  let shared: Awaited<ReturnType<typeof runExample>> | undefined;
  let port = 0;
  beforeAll(async () => {
    shared = await runExample('ws-chat');
    port = shared.port;
  });
  afterAll(async () => shared?.[Symbol.asyncDispose]());

  test('over several children: one room, one order, who is there, and what was said for who comes later', async () => {
    await using chat = await runExample('ws-chat');
    await using ada = await enter(chat.port, 'harbour', 'Ada');
    await using grace = await enterElsewhere(chat.port, 'harbour', ada);
    await using konrad = await enter(chat.port, 'elsewhere', 'Konrad');
    for (let round = 0; round < 5; round++) {
      say(ada, `a${round}`);
      say(grace, `g${round}`);
    }
    const [first, second] = [await told(ada, 'said', 10), await told(grace, 'said', 10)];
    expect(first).toEqual(second);
    expect(first.filter(({ from }) => from === 'Ada').map(({ text }) => text)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    await using late = await enter(chat.port, 'harbour', 'Late');
    expect(await told(late, 'said', 10)).toEqual(first);
    await ada.until(() => toldTo(ada, 'joined').some(({ member }) => member === 'Late'));
    expect(toldTo(ada, 'joined').at(-1)?.members).toEqual(['Ada', 'Grace', 'Late']);
    say(konrad, 'alone');
    await told(konrad, 'said', 1);
    expect(toldTo(konrad, 'said')).toMatchObject([{ text: 'alone' }]);
    expect(toldTo(konrad, 'joined').map(({ member }) => member)).toEqual(['Konrad']);
    await grace[Symbol.asyncDispose]();
    await ada.until(() => toldTo(ada, 'left').some(({ members }) => members?.join() === 'Ada,Late'));
  });

  test('0 and nothing are messages, HTML stays as it is, and what is none is refused without an end', async () => {
    await using ada = await enter(port, 'harbour', 'Ada');
    const refused = [
      '',
      '0',
      'no JSON',
      '{}',
      '{"text":0}',
      '[]',
      'null',
      JSON.stringify({ text: 'x'.repeat(2_001) }),
      Buffer.from([0xff]),
    ];
    for (const message of refused) ada.send(message);
    const texts = ['0', '', EVIL, '😀'];
    for (const text of texts) say(ada, text);
    expect((await told(ada, 'said', texts.length)).map(({ text }) => text)).toEqual(texts);
    expect(toldTo(ada, 'refused')).toHaveLength(refused.length);
    for (const { why } of toldTo(ada, 'refused')) expect(why).toEqual(expect.stringMatching(/./));
  });

  test('text that is no UTF-8 ends the channel with 1007, and nobody gets it', async () => {
    await using ada = await enter(port, 'utf-8', 'Ada');
    await using grace = await enter(port, 'utf-8', 'Grace');
    ada.websocket.send(Buffer.from('{"text":"\xff"}', 'latin1'), { binary: false });
    expect(await ada.end()).toMatchObject({ code: 1007 });
    say(grace, 'next');
    expect(await told(grace, 'said', 1)).toMatchObject([{ text: 'next' }]);
  });

  test('an address has five connections over all children; the sixth is 429 until one leaves', async () => {
    await using chat = await runExample('ws-chat');
    const clients = await Promise.all(Array.from({ length: 5 }, (_, index) => enter(chat.port, 'harbour', `${index}`)));
    expect((await WebSocketClient.refused(chat.port, path('elsewhere', 'Six'))).status).toBe(429);
    await clients[0]?.[Symbol.asyncDispose]();
    await clients[1]?.until(() => toldTo(clients[1] as WebSocketClient, 'left').length > 0);
    await using six = await enter(chat.port, 'harbour', 'Six');
    say(six, 'in');
    await told(six, 'said', 1);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test('names and rooms that are none are refused, and a flood ends with 1008', async () => {
    for (const each of [path('harbour', ''), path('harbour', 'x'.repeat(31)), path('x'.repeat(31), 'Ada')])
      expect((await WebSocketClient.refused(port, each)).status).toBe(400);
    await using flood = await enter(port, '0', '0');
    for (let count = 0; count < 30; count++) say(flood, '');
    expect(await flood.end()).toMatchObject({ code: 1008 });
  });
});

describe.skipIf(SKIPS_BROWSER)('the page of the WebSocket chat', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  const enterPage = async (base: string, name: string, width: number): Promise<Page> => {
    const context = await (browser as Browser).newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(base);
    await page.getByLabel('Name').fill(name);
    await page.keyboard.press('Enter');
    await page.getByText('Served by process').waitFor();
    return page;
  };
  const write = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
  };
  const log = (page: Page, text: string): Promise<void> => page.getByRole('log').getByText(text).waitFor();

  test('two people talk, by keyboard, while children and the server come and go', async () => {
    let chat = await runExample('ws-chat');
    const { base, port } = chat;
    const [ada, grace] = [await enterPage(base, 'Ada', 390), await enterPage(base, 'Grace', 1200)];
    await write(ada, EVIL);
    await log(grace, EVIL);
    await write(grace, '0');
    await write(grace, '');
    await ada.locator('.said').nth(2).waitFor();
    expect(await ada.locator('.said div').allTextContents()).toEqual([EVIL, '0', '']);
    expect([await ada.locator('img').count(), await ada.title()]).toEqual([0, 'Rooms']);
    await ada.getByText('2 here: Ada, Grace').waitFor();
    for (const page of [ada, grace]) {
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await shoot(page, `ws-chat-${page.viewportSize()?.width}`);
    }
    // The child that holds her connection dies: she is back on another, with all that was said, once.
    const pid = Number((await ada.locator('#process').textContent())?.match(/\d+/)?.[0]);
    process.kill(pid, 'SIGKILL');
    await ada.waitForFunction(`!document.querySelector('#process').textContent.includes('${pid}')`);
    await write(ada, 'back');
    await log(grace, 'back');
    await log(ada, 'back');
    expect(await ada.locator('.said').count()).toBe(4);
    // The whole server dies.
    chat.program.kill('SIGTERM');
    await chat.program.exit;
    await ada.getByText('The connection is lost.').waitFor();
    await write(ada, 'unsent');
    await ada.getByText('Your message is still here.').waitFor();
    chat = await runExample('ws-chat', port);
    await using _ = chat;
    await Promise.all([ada, grace].map((page) => page.getByText('2 here').waitFor()));
    await ada.waitForFunction("document.querySelector('#state').textContent === ''");
    await ada.getByRole('button', { name: 'Send' }).click();
    await log(grace, 'unsent');
    // A tab that is closed hard.
    await grace.context().close();
    await log(ada, 'Grace left.');
    await ada.context().close();
  }, 60_000);

  test('says why it is not let in, and comes in as soon as it may', async () => {
    await using chat = await runExample('ws-chat');
    const pages: Page[] = [];
    for (let count = 1; count <= 5; count++) pages.push(await enterPage(chat.base, `${count}`, 390));
    const sixth = await (await (browser as Browser).newContext({ viewport: { width: 390, height: 800 } })).newPage();
    await sixth.goto(chat.base);
    const status = (text: string): Promise<void> => sixth.getByRole('status').getByText(text).waitFor();
    // Blanks and dots are refused by the form.
    await sixth.getByLabel('Name').fill('  ');
    await sixth.keyboard.press('Enter');
    await sixth.getByLabel('Name').fill('Six');
    await sixth.getByLabel('Room').fill('..');
    await sixth.keyboard.press('Enter');
    await sixth.getByLabel('Room').fill('harbour');
    expect(await sixth.locator('header').isVisible()).toBe(false);
    // A name that is longer as the server has it.
    await sixth.getByLabel('Name').fill('\u0958'.repeat(30));
    await sixth.keyboard.press('Enter');
    await sixth.getByRole('alert').getByText('This name or room is none: Too big').waitFor();
    await shoot(sixth, 'ws-chat-refused-390');
    await sixth.route('**/rooms/*', (route) =>
      route.fulfill({ status: 503, json: { status: 503, detail: 'The server is full.' } }),
    );
    await sixth.getByLabel('Name').fill('Six');
    await sixth.keyboard.press('Enter');
    await status('The server cannot take you yet: The server is full. Trying again …');
    await sixth.unroute('**/rooms/*');
    await status('Five connections of your address may be open');
    await shoot(sixth, 'ws-chat-sixth-390');
    await pages[0]?.context().close();
    await sixth.getByText('5 here: 2, 3, 4, 5, Six').waitFor();
    expect(await sixth.getByRole('status').textContent()).toBe('');
    for (const page of [...pages.slice(1), sixth]) await page.context().close();
  }, 60_000);

  test('says what a flood was ended for, and is back', async () => {
    await using chat = await runExample('ws-chat');
    const ada = await enterPage(chat.base, 'Ada', 390);
    await ada.evaluate("for (let count = 0; count < 30; count++) document.querySelector('#say').requestSubmit()");
    await ada.getByRole('status').getByText('More than twenty messages in a second ended the connection.').waitFor();
    await write(ada, 'Here again');
    await log(ada, 'Here again');
    expect(await ada.getByRole('status').textContent()).toBe('');
    await ada.context().close();
  });
});
