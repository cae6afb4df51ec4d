import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { runExample } from './run-example.ts';
import { RunningProgram } from './run-program.ts';

/** As `npx -y pnpm@12 start` runs it, in a process group of its own, as a terminal does. */
async function startTour(
  ...args: readonly string[]
): Promise<{ readonly base: string; readonly program: RunningProgram } & AsyncDisposable> {
  const program = new RunningProgram(['../../examples/tour/start.js', ...args], { PORT: '0' }, { isGroup: true });
  const [base] = await program.said(/http:\/\/127\.0\.0\.1:\d+/);
  return { base, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

const switchTo = (base: string, mode: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${base}/mode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body: JSON.stringify({ mode }),
  });

/** The mode that it has, or that nobody is there. */
async function modeOf(base: string): Promise<string | undefined> {
  const response = await fetch(`${base}/mode`, { headers: { connection: 'close' } }).catch(() => undefined);
  return response === undefined ? undefined : ((await response.json()) as { readonly mode: string }).mode;
}

async function untilMode(base: string, mode: string | undefined): Promise<void> {
  while ((await modeOf(base)) !== mode) await pause(20);
}

/** Who waits in the jetty until it was said so often. */
async function hear(client: WebSocketClient, text: string, times = 1): Promise<void> {
  const count = (): number =>
    client.received.filter((message) => (JSON.parse(String(message)) as { readonly text?: string }).text === text)
      .length;
  await client.until(() => count() >= times);
}

describe('the launcher of the tour', () => {
  test('runs it in each mode that is asked for, on one port, with its guests', async () => {
    await using tour = await startTour();
    for (const mode of ['workers', 'forked', 'sequential', 'concurrent']) {
      expect((await switchTo(tour.base, mode)).status).toBe(202);
      await untilMode(tour.base, mode);
      await using ada = await WebSocketClient.open(Number(new URL(tour.base).port), '/chat/jetty?name=Ada');
      await hear(ada, 'Welcome, Ada.');
    }
    expect(tour.program.output.match(/The tour is at .*/g)).toEqual(
      Array.from({ length: 5 }, () => `The tour is at ${tour.base}/ (Ctrl+C ends it)`),
    );
  }, 90_000);

  test.each(['concurrent', 'workers'])(
    'ends all of it by Ctrl+C, as the server would, in the mode %s',
    async (mode) => {
      await using tour = await startTour(mode);
      tour.program.killGroup('SIGINT');
      expect(await tour.program.exit).toEqual({ code: 0, signal: null });
      expect(await modeOf(tour.base)).toBeUndefined();
    },
  );

  test('leaves nothing behind where it is killed', async () => {
    await using tour = await startTour('workers');
    tour.program.kill('SIGKILL');
    await untilMode(tour.base, undefined);
  });

  test('hears who asks for this machine by its name, and nobody else', async () => {
    await using tour = await startTour();
    const port = Number(new URL(tour.base).port);
    await using proxied = await RawClient.open(port);
    proxied.send(request('POST', '/mode', ['content-type: application/json'], '{"mode":"workers"}'));
    expect((await proxied.response()).status).toBe(403);
    expect((await switchTo(tour.base, 'other')).status).toBe(400);
    // As a page of another origin may send it unasked.
    expect((await switchTo(tour.base, 'workers', { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await switchTo(`http://localhost:${port}`, 'workers')).status).toBe(202);
    await untilMode(tour.base, 'workers');
  });

  test('is what a server needs that was started by itself', async () => {
    await using tour = await runExample('tour');
    const refused = await switchTo(tour.base, 'workers');
    expect([refused.status, await refused.json()]).toEqual([
      409,
      expect.objectContaining({ detail: 'Without start.js nobody would start it again.' }),
    ]);
    expect(await (await fetch(tour.base)).text()).toContain('<fieldset disabled>');
  });
});

test.each(['SIGHUP', 'SIGUSR2'] as const)(
  'the guests of the tour are back after a reload by %s',
  async (signal) => {
    await using tour = await startTour('workers');
    const port = Number(new URL(tour.base).port);
    await using ada = await WebSocketClient.open(port, '/chat/jetty?name=Ada');
    await hear(ada, 'I see it from the jetty.');
    tour.program.kill(signal);
    await tour.program.said('Reloaded.');
    await using grace = await WebSocketClient.open(port, '/chat/jetty?name=Grace');
    // Who has left with the old process and has come back by the new ones.
    await hear(grace, 'I see it from the jetty.', 2);
    await hear(grace, 'Welcome, Grace.');
    grace.send('{"text":"Are you there?"}');
    await hear(grace, 'Good question, Grace. Edith?');
    await hear(grace, 'The guide on topics has it.');
  },
  60_000,
);

describe.skipIf(SKIPS_BROWSER)('the page of the tour', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  /** A page that has joined a room, in a browser of its own. */
  const join = async (base: string, name: string, transport: string, width = 390): Promise<Page> => {
    const page = await (await (browser as Browser).newContext({ viewport: { width, height: 800 } })).newPage();
    await page.goto(base);
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Room').fill('harbour');
    await page.getByLabel(transport, { exact: true }).check();
    await page.getByRole('button', { name: 'Join' }).click();
    return page;
  };
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByLabel('Message', { exact: true }).press('Enter');
  };
  const log = (page: Page, text: string): Promise<void> => page.getByRole('log').getByText(text).waitFor();
  const close = (...pages: readonly Page[]): Promise<unknown> =>
    Promise.all(pages.map((page) => page.context().close()));

  test('has a chat in which both transports meet', async () => {
    await using tour = await runExample('tour');
    const address = tour.base;
    const failures: string[] = [];
    const enter = async (name: string, transport: string): Promise<Page> => {
      const page = await join(address, name, transport);
      page.on('pageerror', (error) => failures.push(String(error)));
      page.on('console', (message) => failures.push(message.text()));
      return page;
    };
    const ada = await enter('Ada', 'WebSocket');
    await ada.getByText('In the room: Ada.').waitFor();
    const grace = await enter('Grace', 'Event stream');
    await grace.getByText('In the room: Ada, Grace.').waitFor();
    await say(ada, 'Is the light on?');
    await grace.getByRole('log').getByText('Is the light on?').waitFor();
    await say(grace, 'It is.');
    await ada.getByRole('log').getByText('It is.').waitFor();
    expect(await ada.getByRole('log').locator('p').allTextContents()).toEqual([
      'Ada came.',
      'Grace came.',
      'AdaIs the light on?',
      'GraceIt is.',
    ]);
    await grace.close();
    await ada.getByText('Grace left.').waitFor();
    expect(await ada.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(failures).toEqual([]);
    await ada.close();
  });

  test.each([390, 1280, 1600])('shows code beside what it does, and fits %i pixels', async (width) => {
    await using tour = await runExample('tour');
    const address = tour.base;
    const page = await (browser as Browser).newPage({ viewport: { width, height: 900 } });
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(address);
    await page.getByRole('log').getByText('Welcome, ').waitFor();
    await page.evaluate(
      `window.shift = 0;
      const add = (list) => list.getEntries().forEach(({ value }) => { shift += value; });
      new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });`,
    );
    await shoot(page, `tour-${width}`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const cut = `[...document.querySelectorAll('[aria-label=Path], pre')]
      .filter((each) => each.scrollWidth > each.clientWidth).length`;
    expect(await page.evaluate(cut)).toBe(0);
    // A blank message is refused with a word, by either transport, and the next one is taken.
    const message = page.getByLabel('Message', { exact: true });
    for (const transport of ['WebSocket', 'Event stream']) {
      await page.getByLabel(transport, { exact: true }).check();
      await page.getByRole('button', { name: 'Join' }).click();
      await page.getByRole('log').getByText('Welcome, ').last().waitFor();
      await message.fill('  ');
      await message.press('Enter');
      await page.getByRole('alert').getByText('Not sent: Say something first.').waitFor();
      await message.fill(`By ${transport}?`);
      await message.press('Enter');
      await page.getByRole('log').getByText(`By ${transport}?`).waitFor();
      expect(await page.getByRole('alert').textContent()).toBe('');
    }
    // By keyboard: from the path to the button, and the answer is there.
    const answerOf = async (title: string): Promise<string> => {
      const card = page.getByRole('article', { name: title, exact: true });
      await card.getByLabel('Path').focus();
      await page.keyboard.press('Enter');
      await card.getByLabel('Answer').locator('span').first().waitFor();
      return (await card.getByLabel('Answer').locator('span').first().textContent()) ?? '';
    };
    expect(await answerOf('Parameters')).toBe('200 OK\n');
    expect(await answerOf('Wrong method')).toBe('405 Method Not Allowed, as it should be\n');
    expect(await answerOf('Validation')).toBe('400 Bad Request, as it should be\n');
    const upload = page.getByRole('article', { name: 'An upload' });
    await upload
      .getByLabel('File')
      .setInputFiles({ name: 'lamp.txt', mimeType: 'text/plain', buffer: Buffer.from('0') });
    await upload.getByRole('button', { name: 'Send' }).click();
    await upload.getByText('"name": "lamp.txt"').waitFor();
    await shoot(page, `tour-cards-${width}`);
    expect(await page.evaluate('shift')).toBe(0);
    expect(await page.locator('.bad').count()).toBe(0);
    expect(failures).toEqual([]);
    await page.close();
  });

  test.each([390, 1600])(
    'switches the mode by keyboard, and its chat goes on, at %i pixels',
    async (width) => {
      await using tour = await startTour();
      const page = await join(tour.base, 'Ada', 'WebSocket', width);
      const stream = await join(tour.base, 'Grace', 'Event stream', width);
      const failures: string[] = [];
      page.on('pageerror', (error) => failures.push(String(error)));
      await log(page, 'Grace came.');
      const mode = page.locator('#mode');
      expect(await mode.textContent()).toBe("It runs as 'concurrent'.");
      await page.evaluate(
        `window.shift = 0;
      const add = (list) => list.getEntries().forEach(({ value }) => { shift += value; });
      new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });`,
      );
      await page.getByRole('radio', { name: 'concurrent' }).focus();
      for (const [key, name] of [
        ['ArrowUp', 'forked'],
        ['ArrowUp', 'workers'],
        ['ArrowUp', 'sequential'],
      ] as const) {
        await page.keyboard.press(key);
        await page.keyboard.press('Enter');
        await page.getByText(`Switching to '${name}' …`).waitFor();
        await shoot(page, `tour-switching-${width}`);
        await page.getByText(`It runs as '${name}'.`).waitFor();
        // Both are back in their room by themselves, and see each other; the other page learns the mode as well.
        for (const each of [page, stream])
          await each
            .locator('#state')
            .filter({ hasText: /In the room: .*(Ada, Grace|Grace, Ada)/ })
            .waitFor();
        await say(stream, `In ${name}.`);
        await log(page, `In ${name}.`);
        expect(await stream.locator('#mode').textContent()).toBe(`It runs as '${name}'. `);
      }
      expect(await page.locator('#log b').allTextContents()).toEqual(['Grace', 'Grace', 'Grace']);
      await page.locator('#modes').scrollIntoViewIfNeeded();
      await shoot(page, `tour-modes-${width}`);
      expect(await page.evaluate('shift')).toBe(0);
      expect(failures).toEqual([]);
      await close(page, stream);
    },
    90_000,
  );

  test('two browsers, while the server is killed and started again, and a tab is closed hard', async () => {
    let tour = await runExample('tour');
    const { base, port } = tour;
    const pages = [await join(base, 'Ada', 'WebSocket'), await join(base, 'Grace', 'Event stream')] as const;
    const [ada, grace] = pages;
    await log(ada, 'Grace came.');
    await say(ada, 'before');
    await log(grace, 'before');
    tour.program.kill('SIGKILL');
    await tour.program.exit;
    for (const page of pages) await page.getByText('The connection is lost.').waitFor();
    await say(ada, 'kept');
    await ada.getByText('Your message is still here.').waitFor();
    tour = await runExample('tour', port);
    await using _ = tour;
    for (const page of pages) await page.locator('#state').filter({ hasText: 'In the room:' }).waitFor();
    await grace.locator('#state').filter({ hasText: 'Ada' }).waitFor();
    await ada.getByRole('button', { name: 'Send' }).last().waitFor();
    await ada.getByLabel('Message', { exact: true }).press('Enter');
    await log(grace, 'kept');
    for (const page of pages) expect(await page.locator('#log b').allTextContents()).toEqual(['Ada', 'Ada']);
    await close(grace);
    await ada.getByText('Grace left.').waitFor();
    await close(ada);
  });
});
