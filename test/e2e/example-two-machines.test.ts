import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_REDIS } from '../../packages/redis/test/support/redis-server.ts';
import { findProgram } from '../conformance/find-program.ts';
import { skipsWithout } from '../conformance/skips-without.ts';
import { launchBrowser, shoot, SKIPS_BROWSER } from './browser.ts';
import { RunningProgram } from './run-program.ts';

const SKIPS_NGINX = skipsWithout(findProgram('nginx'), 'nginx', 'nginx');

type Name = 'North' | 'South';

interface Look {
  readonly by: Name;
  readonly members?: readonly { readonly member: string; readonly info: { readonly machine: Name } }[];
  readonly harbour: {
    readonly redis: { readonly state: string };
    readonly machines: readonly {
      readonly name: Name;
      readonly state: string;
      readonly pid: number;
      readonly address: string;
    }[];
  };
}

interface Running {
  readonly base: string;
  readonly program: RunningProgram;
}

/** In a process group of its own, as a terminal starts it. */
async function startAll(environment: NodeJS.ProcessEnv = {}): Promise<Running & AsyncDisposable> {
  const program = new RunningProgram(
    ['../../examples/two-machines/start.js'],
    { PORT: '', ...environment },
    { isGroup: true },
  );
  const [, base = ''] = await program.said(/Open (http:\/\/127\.0\.0\.1:\d+)/);
  return {
    base,
    program,
    async [Symbol.asyncDispose]() {
      program.kill('SIGTERM');
      await program.exit;
    },
  };
}

const look = async (base: string): Promise<Look> =>
  (await fetch(`${base}/look`, { headers: { connection: 'close' } })).json() as Promise<Look>;

const isServing = (base: string): Promise<boolean> =>
  look(base).then(
    () => true,
    () => false,
  );

const deed = (base: string, what: string, name: string, type = 'application/json'): Promise<Response> =>
  fetch(`${base}/control`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: JSON.stringify({ what, deed: name }),
  });

/** Resolves when it says so. */
async function untilLook(base: string, isSo: (look: Look) => boolean): Promise<Look> {
  for (;;) {
    const found = await look(base).catch(() => undefined);
    if (found !== undefined && isSo(found)) return found;
    await pause(50);
  }
}

const machineOf = ({ harbour }: Look, name: Name) => harbour.machines.find((each) => each.name === name);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

interface Descendant {
  readonly pid: number;
  /** Its own, or `''`. */
  readonly folder: string;
  readonly isKeeper: boolean;
}

/** All that the script has started, and what these have started. */
function descendants(pid: number): readonly Descendant[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, own, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return own === undefined ? [] : [{ pid: Number(own), parent: Number(parent), args }];
    });
  const found = [pid];
  for (const each of found) found.push(...rows.filter(({ parent }) => parent === each).map((row) => row.pid));
  return rows
    .filter((row) => row.pid !== pid && found.includes(row.pid) && !row.args.startsWith('ps '))
    .map(({ pid: each, args }) => ({
      pid: each,
      folder: / (\S*two-machines-\w+)/.exec(args)?.[1] ?? '',
      isKeeper: args.includes('keeper.js'),
    }));
}

async function untilGone(all: readonly Descendant[]): Promise<void> {
  while (all.some(({ pid, folder }) => isAlive(pid) || (folder !== '' && existsSync(folder)))) await pause(50);
}

describe.skipIf(!HAS_REDIS || SKIPS_NGINX)('the two machines', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'end with their script by %s, and leave nothing behind',
    async (signal) => {
      await using all = await startAll();
      const started = descendants(all.program.process.pid as number);
      // Two servers, two keepers, Redis, nginx and its worker.
      expect(started.length).toBeGreaterThanOrEqual(7);
      if (signal === 'SIGKILL') all.program.kill(signal);
      else all.program.killGroup(signal);
      expect(await all.program.exit).toEqual(signal === 'SIGKILL' ? { code: null, signal } : { code: 0, signal: null });
      await untilGone(started);
    },
    60_000,
  );

  test('end all together where one of them dies by itself', async () => {
    await using all = await startAll();
    const started = descendants(all.program.process.pid as number);
    process.kill(machineOf(await look(all.base), 'South')?.pid as number, 'SIGKILL');
    expect(await all.program.exit).toEqual({ code: 1, signal: null });
    expect(all.program.errors).toContain('South has ended by itself, and so all of it ends.');
    await untilGone(started);
  }, 60_000);

  test('end all together where who keeps Redis or nginx is killed', async () => {
    await using all = await startAll();
    const started = descendants(all.program.process.pid as number);
    const kept = started.filter(({ isKeeper }) => isKeeper);
    expect(kept).toHaveLength(2);
    process.kill(kept[0]?.pid as number, 'SIGKILL');
    expect((await all.program.exit).code).toBe(1);
    await untilGone(started);
  }, 60_000);

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'leave nothing behind where %s comes while they start',
    async (signal) => {
      const program = new RunningProgram(['../../examples/two-machines/start.js'], { PORT: '' });
      let started: readonly Descendant[] = [];
      while (started.length < 4) {
        await pause(20);
        started = descendants(program.process.pid as number);
      }
      program.kill(signal);
      expect(await program.exit).toEqual(signal === 'SIGKILL' ? { code: null, signal } : { code: 0, signal: null });
      await untilGone(started);
    },
    60_000,
  );

  test('have one limit, are asked in turn, and are stopped by whom they know', async () => {
    await using all = await startAll();
    const answers: Response[] = [];
    while (answers.length < 12) answers.push(await fetch(`${all.base}/lamp`));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(200), 429, 429]);
    expect(new Set(answers.map(({ headers }) => headers.get('x-machine')))).toEqual(new Set(['North', 'South']));
    // As a page of another origin may send it unasked.
    expect((await deed(all.base, 'North', 'stop', 'text/plain')).status).toBe(400);
    expect((await deed(all.base, 'nginx', 'stop')).status).toBe(400);
    expect((await deed(all.base, 'North', 'start')).status).toBe(409);
    expect((await deed(all.base, 'North', 'stop')).status).toBe(202);
    await untilLook(all.base, (now) => machineOf(now, 'North')?.state === 'stopped');
    const last = await deed(all.base, 'South', 'kill');
    expect([last.status, await last.json()]).toEqual([
      409,
      expect.objectContaining({ detail: 'Start the other one first: somebody has to serve this page.' }),
    ]);
  }, 60_000);

  test('serve without nginx, and say so', async () => {
    await using all = await startAll({ WITHOUT_NGINX: '1' });
    const { harbour } = await look(all.base);
    expect(all.program.errors).toContain('!!! nginx is not installed');
    for (const { name, address } of harbour.machines) {
      expect(all.program.errors).toContain(`!!! ${name} is at ${address}/`);
      expect((await look(address)).by).toBe(name);
    }
  }, 60_000);
});

describe.skipIf(!HAS_REDIS || SKIPS_NGINX || SKIPS_BROWSER)('the page of the two machines', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser?.close());

  const failures: string[] = [];

  const enter = async (base: string, name: string, transport: string, width: number): Promise<Page> => {
    const page = await (await (browser as Browser).newContext({ viewport: { width, height: 900 } })).newPage();
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(base);
    await page.getByLabel('Name').fill(name);
    await page.getByLabel(transport, { exact: true }).check();
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('status').getByText('Connected to').waitFor();
    return page;
  };
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByLabel('Message', { exact: true }).press('Enter');
  };
  const log = (page: Page, text: string): Promise<void> => page.getByRole('log').getByText(text).first().waitFor();
  const press = (page: Page, what: string, name: string): Promise<void> =>
    page.getByRole('article', { name: what, exact: true }).getByRole('button', { name, exact: true }).click();
  const machineFor = async (page: Page): Promise<Name> =>
    (await page.locator('#state b').textContent()) === 'North' ? 'North' : 'South';
  const texts = (page: Page): Promise<readonly string[]> => page.locator('#log p b + span').allTextContents();
  const shootTop = async (page: Page, name: string): Promise<void> => {
    await page.evaluate('scrollTo(0, 0)');
    await shoot(page, `two-machines-${name}-${page.viewportSize()?.width}`);
  };

  test('two people talk while machines and Redis are stopped and started', async () => {
    await using all = await startAll();
    const ada = await enter(all.base, 'Ada', 'WebSocket', 390);
    const grace = await enter(all.base, 'Grace', 'Event stream', 1600);
    await say(ada, 'Ahoy');
    await say(grace, 'Ahoy back');
    await Promise.all([log(ada, 'Ahoy back'), log(grace, 'Ahoy')]);
    await grace.getByRole('button', { name: 'Light twelve' }).click();
    await grace.locator('#lamps li').nth(11).waitFor();
    expect(await grace.locator('#lamps li:not(.no)').count()).toBe(10);
    for (const page of [ada, grace]) {
      await page.getByLabel('In the room').getByText('Ada on').waitFor();
      await page.getByLabel('In the room').getByText('Grace on').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await shootTop(page, 'both');
    }

    // Either machine is stopped: whoever was on it moves, and has all of it, once.
    for (const deedName of ['Stop', 'Kill']) {
      const name = await machineFor(ada);
      const other = name === 'North' ? 'South' : 'North';
      await press(grace, name, deedName);
      await untilLook(all.base, (now) => machineOf(now, name)?.state === 'stopped');
      await grace.getByRole('status').getByText(`Connected to ${other}`).waitFor();
      await say(grace, `while ${name} is away (${deedName})`);
      await log(grace, `while ${name} is away (${deedName})`);
      await log(ada, `while ${name} is away (${deedName})`);
      await ada.getByRole('status').getByText(`Connected to ${other}`).waitFor();
      await grace.getByText(`${name} is away: nginx sends everybody to the other one.`).waitFor();
      expect(await texts(ada)).toEqual(await texts(grace));
      if (deedName === 'Stop') await shootTop(grace, 'one-away');
      await press(ada, name, 'Start');
      await untilLook(all.base, (now) => machineOf(now, name)?.state === 'running');
    }
    expect(await ada.getByText('Something may be missing').count()).toBe(0);

    await press(ada, 'Redis', 'Stop');
    await grace.getByText('Each machine counts the limit by itself').waitFor();
    expect(await isServing(all.base)).toBe(true);
    await grace.getByLabel('In the room').getByText('Not known while Redis is away').waitFor();
    await say(ada, 'to whom it may reach');
    await log(ada, 'to whom it may reach');
    for (const page of [ada, grace]) await shootTop(page, 'without-redis');
    await press(ada, 'Redis', 'Start');
    await Promise.all([ada, grace].map((page) => log(page, 'Something may be missing here')));
    await grace.getByLabel('In the room').getByText('Ada on').waitFor();
    // nginx gives what is said to either machine, which may have it to itself until it has found Redis again.
    for (const name of ['North', 'South'])
      await untilLook(all.base, ({ by, members }) => by === name && members !== undefined);
    await say(grace, 'Redis is back');
    await Promise.all([ada, grace].map((page) => log(page, 'Redis is back')));
    await grace.getByText('Redis came back empty').waitFor();
    for (const page of [ada, grace]) {
      await shootTop(page, 'again');
      const said = await texts(page);
      expect(new Set(said).size).toBe(said.length);
    }
    expect(failures).toEqual([]);
  }, 120_000);

  test('offers both addresses without nginx', async () => {
    await using all = await startAll({ WITHOUT_NGINX: '1' });
    const ada = await enter(all.base, 'Ada', 'WebSocket', 390);
    await ada.getByRole('alert').getByText('nginx is not installed').waitFor();
    const south = ada.getByRole('alert').getByRole('link', { name: 'South' });
    await shootTop(ada, 'without-nginx');
    const grace = await enter((await south.getAttribute('href')) ?? '', 'Grace', 'Event stream', 800);
    await say(ada, 'Ahoy');
    await log(grace, 'Ahoy');
    await shootTop(grace, 'without-nginx');
    expect(failures).toEqual([]);
  }, 60_000);
});
