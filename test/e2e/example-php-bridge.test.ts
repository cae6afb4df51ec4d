import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { HttpResponse, HttpServer } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { findFreePort } from '../conformance/find-free-port.ts';
import { findProgram } from '../conformance/find-program.ts';
import { skipsWithout } from '../conformance/skips-without.ts';
import { launchBrowser, SKIPS_BROWSER } from './browser.ts';
import { RunningProgram } from './run-program.ts';

const FOLDER = fileURLToPath(new URL('../../examples/php-bridge/', import.meta.url));
const SKIPS_PHP = skipsWithout(findProgram('php'), 'PHP', 'php-cli');

/** What PHP publishes. */
interface Said {
  readonly number: number;
  readonly user: string;
  readonly text: string;
}

/** What comes on a connection. */
type Heard = Partial<Said> & { readonly ready?: boolean };

/** The example, each of its three programs by itself, so that one can be ended and started again. */
class Chat implements AsyncDisposable {
  readonly #environment: NodeJS.ProcessEnv;
  readonly phpUrl: string;
  readonly port: number;
  readonly #folder: TempFolder;
  readonly #php: ChildProcess[] = [];
  connections: RunningProgram;

  private constructor(folder: TempFolder, phpPort: number, port: number) {
    this.#folder = folder;
    this.port = port;
    this.phpUrl = `http://127.0.0.1:${phpPort}`;
    this.#environment = {
      PHP_URL: this.phpUrl,
      PORT: String(port),
      BRIDGE_URL: `http://127.0.0.1:${port}/_publish`,
      BRIDGE_SECRET: 'the secret of the example with PHP',
      CHAT_FOLDER: folder.at('data'),
      PHP_CLI_SERVER_WORKERS: '4',
    };
    for (const args of [['-S', `127.0.0.1:${phpPort}`, '-t', 'php/public'], ['php/send-outbox.php']])
      this.#php.push(
        // Its server has processes of its own, which are ended as a group.
        spawn('php', args, {
          cwd: FOLDER,
          env: { ...process.env, ...this.#environment },
          stdio: 'ignore',
          detached: true,
        }),
      );
    this.connections = this.#connections();
  }

  static async open(): Promise<Chat> {
    const [php, port] = [await findFreePort(), await findFreePort()];
    const chat = new Chat(await TempFolder.create(), php, port);
    await chat.connections.said('connections at');
    while (!(await accepts(php))) await pause(10);
    return chat;
  }

  /** Starts the server of the connections again, when it has ended. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    this.connections.kill(signal);
    await this.connections.exit;
    this.connections = this.#connections();
    await this.connections.said('connections at');
  }

  /** The cookie of a session. */
  async signIn(name: string): Promise<string> {
    const body = new URLSearchParams({ name });
    const response = await fetch(this.phpUrl, { method: 'POST', body, redirect: 'manual' });
    return response.headers.getSetCookie().at(-1)?.split(';')[0] as string;
  }

  async say(cookie: string, text: string): Promise<Response> {
    return fetch(`${this.phpUrl}/say.php`, { method: 'POST', headers: { cookie }, body: JSON.stringify({ text }) });
  }

  async messages(cookie: string, after = 0): Promise<readonly Said[]> {
    const response = await fetch(`${this.phpUrl}/messages.php?after=${after}`, { headers: { cookie } });
    return ((await response.json()) as { messages: Said[] }).messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connections[Symbol.asyncDispose]();
    await Promise.all(this.#php.map(endGroup));
    await this.#folder[Symbol.asyncDispose]();
  }

  #connections(): RunningProgram {
    return new RunningProgram(['server.js'], this.#environment, { cwd: FOLDER });
  }
}

async function endGroup(program: ChildProcess): Promise<void> {
  const ended = once(program, 'exit');
  process.kill(-(program.pid as number), 'SIGKILL');
  await ended;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

/** A page without a browser: it comes back until it is closed, and asks for what it has missed. */
class Listener {
  /** Numbers in the order in which they were published to it, in all of its connections. */
  readonly published: number[] = [];
  readonly known: Set<number> = new Set();
  readonly #chat: Chat;
  readonly #cookie: string;
  #client: WebSocketClient | undefined;
  #isClosed = false;
  readonly done: Promise<void>;
  #note: () => void = () => {};

  constructor(chat: Chat, cookie: string) {
    this.#chat = chat;
    this.#cookie = cookie;
    this.done = this.#listen();
  }

  /** Resolves when it knows so many. */
  async knows(count: number): Promise<void> {
    while (this.known.size < count) await new Promise<void>((resolve) => (this.#note = resolve));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#client?.websocket.terminate();
    await this.done;
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      const client = new WebSocketClient(this.#chat.port, '/chat', { headers: { cookie: this.#cookie } });
      this.#client = client;
      client.websocket.on('message', (data) => void this.#hear(JSON.parse((data as Buffer).toString()) as Heard));
      await client.end();
    }
  }

  async #hear(message: Heard): Promise<void> {
    if (message.ready === true) {
      for (const { number } of await this.#chat.messages(this.#cookie)) this.known.add(number);
    } else if (message.number !== undefined) {
      this.published.push(message.number);
      this.known.add(message.number);
    }
    this.#note();
  }
}

test('connections outlive an app that gives no answer, or none that can be read', async () => {
  const php = new HttpServer('127.0.0.1', 0)
    .get('/who.php', () => ({ user: 'Ada' }))
    .post('/say.php', () => HttpResponse.html('<b>Warning</b>: Undefined variable'));
  await php.start();
  const environment = {
    PHP_URL: `http://127.0.0.1:${php.getAddress().port}`,
    PORT: '0',
    BRIDGE_SECRET: 'x'.repeat(32),
  };
  await using connections = new RunningProgram(['server.js'], environment, { cwd: FOLDER });
  const [, port] = await connections.said(/connections at http:\/\/127\.0\.0\.1:(\d+)/);
  await using client = await WebSocketClient.open(Number(port), '/chat');
  await client.messages(1);
  client.send('one');
  await client.messages(2);
  await php.shutdown({ timeoutMs: 0 });
  client.send('two');
  const refused = '{"refused":"The app does not answer."}';
  expect(await client.messages(3)).toEqual(['{"ready":true}', refused, refused]);
  expect(await WebSocketClient.refused(Number(port), '/chat')).toMatchObject({ status: 503 });
});

describe.skipIf(SKIPS_PHP)('the example with PHP', () => {
  let chat: Chat;
  beforeAll(async () => (chat = await Chat.open()));
  afterAll(() => chat?.[Symbol.asyncDispose]());

  test('lets in who has signed in there, and nobody else', async () => {
    expect(await WebSocketClient.refused(chat.port, '/chat')).toMatchObject({ status: 401 });
    expect(await WebSocketClient.refused(chat.port, '/chat', { origin: 'https://other.example' })).toMatchObject({
      status: 403,
    });
    const headers = { cookie: await chat.signIn('Ada') };
    await using client = await WebSocketClient.open(chat.port, '/chat', { headers, origin: chat.phpUrl });
    expect(await client.messages(1)).toEqual(['{"ready":true}']);
  });

  test('asks PHP about each message, which publishes it, or says why not', async () => {
    const [ada, grace] = [await chat.signIn('Ada'), await chat.signIn('Grace')];
    await using speaker = await WebSocketClient.open(chat.port, '/chat', { headers: { cookie: ada } });
    await using hearer = await WebSocketClient.open(chat.port, '/chat', { headers: { cookie: grace } });
    await Promise.all([speaker.messages(1), hearer.messages(1)]);
    speaker.send('<b>Ahøy</b> ☀');
    const [, heard = ''] = await hearer.messages(2);
    expect(JSON.parse(String(heard))).toMatchObject({ user: 'Ada', text: '<b>Ahøy</b> ☀' });
    await speaker.messages(2);
    for (const [index, text] of [' ', '', 'x'.repeat(501)].entries()) {
      speaker.send(text);
      const refused = (await speaker.messages(3 + index))[2 + index];
      expect(JSON.parse(String(refused))).toEqual({
        refused: 'A message has 1 to 500 characters, and something to see among them.',
      });
    }
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('loses nothing in a restart by %s', async (signal) => {
    const cookie = await chat.signIn('Ada');
    const before = (await chat.messages(cookie)).length;
    const listener = new Listener(chat, cookie);
    await listener.knows(before);
    const speak = async (): Promise<void> => {
      for (let count = 0; count < 30; count++) expect((await chat.say(cookie, `${count}`)).status).toBe(200);
    };
    const speaking = Promise.all([speak(), speak()]);
    await listener.knows(before + 10);
    await chat.restart(signal);
    await speaking;
    await listener.knows(before + 60);
    await listener.close();
    expect([...listener.known].sort((one, other) => one - other)).toEqual(
      Array.from({ length: before + 60 }, (_, index) => index + 1),
    );
    // Only who dies at once forgets what it has published.
    if (signal === 'SIGTERM') expect(listener.published).toEqual([...new Set(listener.published)]);
  });

  describe.skipIf(SKIPS_BROWSER)('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => (browser = await launchBrowser()));
    afterAll(() => browser?.close());

    const enter = async (name: string, width: number): Promise<Page> => {
      const page = await (await browser.newContext({ viewport: { width, height: 700 } })).newPage();
      await page.goto(chat.phpUrl);
      await page.getByLabel('Your name').fill(name);
      await page.keyboard.press('Enter');
      await page.getByRole('status').filter({ hasText: 'connected' }).waitFor();
      return page;
    };

    test.each([390, 1200])('shows each message once, whatever becomes of the connections, at %i px', async (width) => {
      const [ada, grace] = [await enter('Ada', width), await enter('Grace <i>', width)];
      const text = `<img src=x onerror=alert(1)> ${width}`;
      await ada.getByRole('textbox').fill(text);
      await ada.keyboard.press('Enter');
      for (const page of [ada, grace]) await page.getByText(text, { exact: true }).waitFor();
      expect(await grace.locator('li img').count()).toBe(0);
      // The server goes in the middle of it, one tab is closed hard, and somebody speaks elsewhere meanwhile.
      const late = await enter('Late', width);
      chat.connections.kill('SIGKILL');
      await chat.connections.exit;
      for (const page of [ada, grace]) await page.getByRole('status').filter({ hasText: 'connecting' }).waitFor();
      await ada.getByRole('textbox').fill(`kept ${width}`);
      await ada.keyboard.press('Enter');
      await ada.getByRole('alert').filter({ hasText: 'There is no connection' }).waitFor();
      await late.context().close();
      await chat.say(await chat.signIn('Joan'), `from elsewhere ${width}`);
      await chat.restart('SIGKILL');
      for (const page of [ada, grace]) {
        await page.getByText(`from elsewhere ${width}`).waitFor();
        expect(await page.getByText(`from elsewhere ${width}`).count()).toBe(1);
        await page.getByRole('status').filter({ hasText: 'connected' }).waitFor();
      }
      await ada.getByRole('textbox').press('Enter');
      await grace.getByText(`kept ${width}`).waitFor();
      expect(await grace.getByText(text, { exact: true }).count()).toBe(1);
      await grace.getByRole('textbox').fill('  ');
      await grace.keyboard.press('Enter');
      await grace.getByRole('alert').filter({ hasText: 'something to see' }).waitFor();
      const overflow = await ada.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow).toBe(0);
    });
  });
});
