import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { findFreePort } from '../conformance/find-free-port.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { RunningProgram } from './run-program.ts';

const PAGE = new URL('../../docs/guide/chat-from-nothing.md', import.meta.url);
const PORTLIGHT = fileURLToPath(new URL('../../packages/portlight', import.meta.url));

/** The folder that a reader makes, whose blocks have a port that is free in place of theirs. */
class Folder implements AsyncDisposable {
  readonly port: number;
  readonly #files: TempFolder;
  readonly #blocks: readonly string[];
  #running: RunningProgram | undefined;

  private constructor(files: TempFolder, port: number, blocks: readonly string[]) {
    this.#files = files;
    this.port = port;
    this.#blocks = blocks;
  }

  static async make(): Promise<Folder> {
    const text = await readFile(PAGE, 'utf8');
    const blocks = [...text.matchAll(/^```(?:js|html)\n([^]*?)^```$/gm)].map(([, block]) => block as string);
    if (blocks.length !== 5) throw new Error(`The page has ${blocks.length} blocks of code.`);
    const folder = new Folder(await TempFolder.create(), await findFreePort(), blocks);
    await folder.#files.write('package.json', '{ "type": "module" }');
    await mkdir(folder.#files.at('node_modules'));
    await symlink(PORTLIGHT, folder.#files.at('node_modules', 'portlight'));
    await folder.#files.write('page.html', folder.#block(1));
    return folder;
  }

  /** The server as it stands after a step of the page, from 2. */
  async start(step: 2 | 4 | 5 | 6): Promise<RunningProgram> {
    const [first, last] = [this.#block({ 2: 0, 4: 2, 5: 3, 6: 3 }[step]), this.#block(4)];
    await this.#files.write('server.js', step === 6 ? first.replace(/^await server\.run\(.*$/m, last) : first);
    const program = new RunningProgram(['server.js'], {}, { cwd: this.#files.path });
    this.#running = program;
    await program.said(`Listening on http://127.0.0.1:${this.port}.`);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await this.#files[Symbol.asyncDispose]();
  }

  #block(index: number): string {
    return (this.#blocks[index] as string).replace('8080', String(this.port));
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(pid)]);
  return stdout.trim().split(/\s+/).map(Number);
}

describe.skipIf(SKIPS_BROWSER)('a chat from nothing, followed word by word', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  const open = async ({ port }: Folder, name: string): Promise<Page> => {
    const page = await (await (browser as Browser).newContext({ viewport: { width: 390, height: 700 } })).newPage();
    page.on('dialog', (dialog) => void dialog.accept(name));
    await page.goto(`http://127.0.0.1:${port}`);
    await isBack(page, name);
    return page;
  };
  const isBack = (page: Page, name: string): Promise<void> =>
    page.getByRole('status').getByText(`You are ${name}.`).waitFor();
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message').fill(text);
    await page.keyboard.press('Enter');
  };
  const reads = (page: Page, text: string): Promise<void> => page.getByRole('log').getByText(text).waitFor();
  const lines = (page: Page): Promise<readonly string[]> => page.locator('#log p').allTextContents();
  const here = (page: Page, names: string): Promise<void> =>
    page.getByText(`Here: ${names}`, { exact: true }).waitFor();
  const stop = async (program: RunningProgram): Promise<void> => {
    program.kill('SIGINT');
    expect(await program.exit).toEqual({ code: 0, signal: null });
  };

  test('each step does what it says', async () => {
    await using folder = await Folder.make();
    let server = await folder.start(2);
    const [ada, grace] = [await open(folder, 'Ada'), await open(folder, 'Grace')];
    await say(ada, '<b>Ahoy</b>');
    for (const page of [ada, grace]) await reads(page, 'Ada: <b>Ahoy</b>');
    await stop(server);
    await ada.getByText('The server is away. Coming back …').waitFor();
    await say(ada, 'Unsent');
    await ada.getByText('Not sent.').waitFor();

    server = await folder.start(4);
    for (const [page, name] of [
      [ada, 'Ada'],
      [grace, 'Grace'],
    ] as const)
      await isBack(page, name);
    for (const page of [ada, grace]) await page.getByText(/^Here: (Ada, Grace|Grace, Ada)$/).waitFor();
    await shoot(ada, 'chat-from-nothing-390');
    const konrad = await open(folder, 'Konrad');
    await ada.getByText(/^Here: .*, Konrad$/).waitFor();
    await konrad.context().close();
    await ada.getByText(/^Here: (Ada, Grace|Grace, Ada)$/).waitFor();
    await stop(server);

    server = await folder.start(5);
    for (const [page, name] of [
      [ada, 'Ada'],
      [grace, 'Grace'],
    ] as const)
      await isBack(page, name);
    // What she could not send is still there.
    expect(await ada.getByLabel('Message').inputValue()).toBe('Unsent');
    await say(ada, 'one');
    await say(grace, 'two');
    await reads(ada, 'Grace: two');
    const late = await open(folder, 'Late');
    await reads(late, 'Grace: two');
    expect(await lines(late)).toEqual(['Grace: two', 'Ada: one']);
    await late.context().close();
    await stop(server);

    server = await folder.start(6);
    for (const [page, name] of [
      [ada, 'Ada'],
      [grace, 'Grace'],
    ] as const)
      await isBack(page, name);
    expect(await lines(ada)).toEqual(['Grace: two', 'Ada: one', 'Ada: <b>Ahoy</b>']);
    for (const child of await childrenOf(server.process.pid as number)) process.kill(child, 'SIGKILL');
    await grace.getByText('The server is away. Coming back …').waitFor();
    const meanwhile = { method: 'POST', body: 'three' };
    while (!(await fetch(`http://127.0.0.1:${folder.port}/chat?name=Joan`, meanwhile).catch(() => undefined))?.ok);
    for (const [page, name] of [
      [ada, 'Ada'],
      [grace, 'Grace'],
    ] as const)
      await isBack(page, name);
    await say(grace, 'four');
    await reads(ada, 'Grace: four');
    for (const page of [ada, grace])
      expect(await lines(page)).toEqual(['Grace: four', 'Joan: three', 'Grace: two', 'Ada: one', 'Ada: <b>Ahoy</b>']);
    await grace.context().close();
    await here(ada, 'Ada');
    await ada.context().close();
    await stop(server);
  }, 60_000);
});
