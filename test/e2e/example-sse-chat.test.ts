import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { runExample } from './run-example.ts';

const EVIL = '<img src=x onerror="document.title=\'hacked\'">';

interface Said {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly at: number;
  readonly isOffline?: boolean;
}

const as = (name: string): string => `/chat?name=${encodeURIComponent(name)}`;

function say(base: string, from: string, body: unknown): Promise<Response> {
  return fetch(base + as(from), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** What came of a kind so far. */
function received<Data>(client: EventClient, kind: string): readonly Data[] {
  return client.received.filter(({ event }) => event === kind).map(({ data }) => JSON.parse(data) as Data);
}

async function messages(client: EventClient, count: number): Promise<readonly Said[]> {
  await client.until(() => received(client, 'message').length >= count);
  return received(client, 'message');
}

/** Somebody who is there: the list of who is online has come. */
async function enter(port: number, name: string): Promise<EventClient> {
  const client = await EventClient.open(port, as(name));
  await client.until(() => received(client, 'online').length > 0);
  return client;
}

describe('the event-stream chat', () => {
  // The one server of tests that leave nothing behind.
  let shared: Awaited<ReturnType<typeof runExample>> | undefined;
  const sharedChat = async (): Promise<Awaited<ReturnType<typeof runExample>>> =>
    (shared ??= await runExample('sse-chat'));
  afterAll(async () => shared?.[Symbol.asyncDispose]());

  test('a name joins with its first tab, leaves with its last, and all see who is online', async () => {
    await using chat = await runExample('sse-chat');
    await using ada = await enter(chat.port, 'Ada');
    {
      await using one = await enter(chat.port, 'Grace');
      {
        await using two = await enter(chat.port, 'Grace');
        expect(received(two, 'online')).toEqual([['Ada', 'Grace']]);
      }
      // The second tab is gone, and what is said behind that still reaches the first.
      await say(chat.base, 'Ada', { to: 'Grace', text: 'Still there?' });
      expect(await messages(one, 1)).toMatchObject([{ text: 'Still there?' }]);
    }
    await ada.until(() => received(ada, 'left').length > 0);
    expect(received(ada, 'joined')).toMatchObject([
      { name: 'Ada', online: ['Ada'] },
      { name: 'Grace', online: ['Ada', 'Grace'] },
    ]);
    expect(received(ada, 'left')).toMatchObject([{ name: 'Grace', online: ['Ada'] }]);
  });

  test('a message to all reaches all; one to a name reaches all tabs of it and of the writer, and nobody else', async () => {
    await using chat = await runExample('sse-chat');
    await using ada = await enter(chat.port, 'Ada');
    await using graceOne = await enter(chat.port, 'Grace');
    await using graceTwo = await enter(chat.port, 'Grace');
    await using konrad = await enter(chat.port, 'Konrad');
    expect((await say(chat.base, 'Ada', { to: 'Grace', text: 'A secret' })).status).toBe(204);
    await say(chat.base, 'Ada', { text: 'To all' });
    for (const client of [graceOne, graceTwo])
      expect(await messages(client, 2)).toMatchObject([
        { from: 'Ada', to: 'Grace', text: 'A secret' },
        { from: 'Ada', to: '', text: 'To all' },
      ]);
    expect(await messages(ada, 2)).toMatchObject([{ to: 'Grace', text: 'A secret', isOffline: false }, { to: '' }]);
    expect(await messages(konrad, 1)).toMatchObject([{ text: 'To all' }]);
  });

  test('what is written to who was never there waits with its date, comes once, and the writer reads offline', async () => {
    await using chat = await runExample('sse-chat');
    await using ada = await enter(chat.port, 'Ada');
    await say(chat.base, 'Ada', { to: 'Grace', text: 'When you come' });
    const [told] = await messages(ada, 1);
    expect(told).toMatchObject({ to: 'Grace', text: 'When you come', isOffline: true });
    {
      await using grace = await enter(chat.port, 'Grace');
      expect(await messages(grace, 1)).toEqual([
        { from: 'Ada', to: 'Grace', text: 'When you come', at: (told as Said).at },
      ]);
      // Another tab of hers does not get it again.
      await using second = await enter(chat.port, 'Grace');
      expect(received(second, 'message')).toEqual([]);
    }
    await ada.until(() => received(ada, 'left').length === 1);
    await say(chat.base, 'Ada', { to: 'Grace', text: 'Once more' });
    await using back = await enter(chat.port, 'Grace');
    expect(await messages(back, 1)).toMatchObject([{ text: 'Once more' }]);
    await say(chat.base, 'Ada', { to: 'Grace', text: 'Welcome' });
    expect(await messages(back, 2)).toMatchObject([{ text: 'Once more' }, { text: 'Welcome' }]);
    expect((await messages(ada, 3)).map(({ isOffline }) => isOffline)).toEqual([true, true, false]);
  });

  test('a stream that comes back gets what it missed of both, in order and once', async () => {
    await using chat = await runExample('sse-chat');
    await using ada = await enter(chat.port, 'Ada');
    let last: string | undefined;
    {
      await using grace = await enter(chat.port, 'Grace');
      await say(chat.base, 'Ada', { text: 'one' });
      await messages(grace, 1);
      last = grace.received.findLast(({ id }) => id !== undefined)?.id;
    }
    await ada.until(() => received(ada, 'left').length === 1);
    await say(chat.base, 'Ada', { to: 'Grace', text: 'two' });
    await say(chat.base, 'Ada', { text: 'three' });
    await using back = await EventClient.open(chat.port, as('Grace'), { 'last-event-id': last ?? '' });
    expect((await messages(back, 2)).map(({ text }) => text)).toEqual(['two', 'three']);
    expect(received(back, 'portlight.gap')).toEqual([]);
  });

  test.each([
    [{ text: '' }],
    [{ text: ' \n ' }],
    [{ text: 'x'.repeat(2_001) }],
    [{ text: 7 }],
    [{}],
    [{ text: 'a', to: 'x'.repeat(31) }],
    [{ text: 'a', to: null }],
  ])('refuses %j', async (body) => {
    const chat = await sharedChat();
    expect((await say(chat.base, 'Ada', body)).status).toBe(400);
  });

  test('refuses a name that is none, and takes 0 and names in any script', async () => {
    const chat = await sharedChat();
    for (const name of ['', '  ', 'x'.repeat(31)]) {
      await using refused = await EventClient.open(chat.port, as(name));
      expect(refused.status).toBe(400);
    }
    for (const name of ['0', '..', 'a/b?c&d', EVIL.slice(0, 30), '林']) {
      await using entered = await enter(chat.port, name);
      await say(chat.base, name, { to: name, text: '0' });
      expect(await messages(entered, 1)).toMatchObject([{ from: name, to: name, text: '0' }]);
    }
  });
});

describe.skipIf(SKIPS_BROWSER)('the page of the event-stream chat', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  const enterPage = async (base: string, name: string, width = 1200): Promise<Page> => {
    const context = await (browser as Browser).newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(base);
    await page.getByLabel('Nickname').fill(name);
    await page.keyboard.press('Enter');
    await page.locator('#me.live').waitFor();
    return page;
  };
  const write = async (page: Page, to: string, text: string): Promise<void> => {
    await page.getByLabel('To', { exact: true }).fill(to);
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
  };
  const log = (page: Page, text: string): Promise<void> => page.getByRole('log').getByText(text).waitFor();

  test('two people talk, by keyboard, at 390 and at 1200 pixels, and a hidden tab counts what is unread', async () => {
    await using chat = await runExample('sse-chat');
    const ada = await enterPage(chat.base, 'Ada', 390);
    await write(ada, 'Grace', 'While you are away');
    await log(ada, '(offline)');
    const grace = await enterPage(chat.base, 'Grace');
    await log(grace, 'While you are away');
    await ada.getByRole('list', { name: 'Now online' }).getByText('Grace').waitFor();
    await write(grace, '', EVIL);
    await log(ada, EVIL);
    await write(ada, 'Grace', 'Only for you');
    await log(grace, 'Only for you');
    // The recipient stays, the text is gone, and the next one can be written at once.
    expect(await ada.getByLabel('To', { exact: true }).inputValue()).toBe('Grace');
    await ada.waitForFunction("document.querySelector('[name=text]').value === ''");
    expect(await ada.evaluate('document.activeElement.name')).toBe('text');
    await write(ada, 'Grace', '   ');
    await ada.getByText('Write something first.').waitFor();
    const evil = await enterPage(chat.base, EVIL.slice(0, 30));
    await ada.getByRole('list', { name: 'Now online' }).getByText(EVIL.slice(0, 30)).waitFor();
    expect(await ada.locator('img').count()).toBe(0);
    expect(await ada.title()).toBe('Harbour chat');
    for (const page of [ada, grace]) {
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await shoot(page, `sse-chat-${page.viewportSize()?.width}`);
    }
    // While it is hidden, the title counts.
    const hide = (isHidden: boolean): Promise<unknown> =>
      ada.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      );
    await hide(true);
    await say(chat.base, 'Grace', { text: 'first' });
    await say(chat.base, 'Grace', { to: 'Ada', text: 'second' });
    await log(ada, 'second');
    expect(await ada.title()).toBe('(2) Harbour chat');
    await hide(false);
    expect(await ada.title()).toBe('Harbour chat');
    // A tab that is closed hard is a name that leaves.
    await evil.context().close();
    await grace.context().close();
    await log(ada, 'Grace left.');
    await ada.getByRole('button', { name: 'Clear' }).click();
    expect(await ada.getByRole('log').textContent()).toBe('');
    await ada.context().close();
  });

  test('a server that is started anew in the middle of a conversation: both come back and go on', async () => {
    let chat = await runExample('sse-chat');
    const { base, port } = chat;
    const [ada, grace] = await Promise.all([enterPage(base, 'Ada'), enterPage(base, 'Grace')]);
    await write(ada, '', 'before');
    await log(grace, 'before');
    chat.program.kill('SIGKILL');
    await chat.program.exit;
    await ada.getByText('The connection is lost.').waitFor();
    await write(ada, '', 'kept');
    await ada.getByText('Your message is still here.').waitFor();
    chat = await runExample('sse-chat', port);
    await using _ = chat;
    await Promise.all([ada.locator('#me.live').waitFor(), grace.locator('#me.live').waitFor()]);
    await log(grace, 'The server was started anew.');
    await ada.getByRole('button', { name: 'Send' }).click();
    await log(grace, 'kept');
    expect(await grace.getByRole('log').getByText('before').count()).toBe(1);
    await Promise.all([ada.context().close(), grace.context().close()]);
  });
});
