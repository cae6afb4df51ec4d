import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { HttpResponse, HttpServer, type Router } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MarkdownPage } from '../docs/markdown-page.ts';
import { IS_BROWSER_MISSING, launchBrowser, SKIPS_BROWSER } from './browser.ts';

interface Recipe {
  cors(options: { readonly origins: readonly string[]; readonly credentials?: boolean }): (router: Router) => void;
}

/** What a page is told of an answer: its status, two fields, and its body. */
interface Seen {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const UNREADABLE = 'TypeError: Failed to fetch';

test.skipIf(SKIPS_BROWSER)('a browser is installed', () => {
  expect(IS_BROWSER_MISSING).toBe(false);
});

describe.skipIf(SKIPS_BROWSER).each([
  ['docs/how-to/cors.md', 'fast', importFromPage],
  ['examples/cors/cors.js', 'http', importFromExample],
] as const)("in Chromium, by the recipe of %s, on the lane '%s',", (_recipe, lane, importRecipe) => {
  let recipe: Recipe;
  let browser: Browser;
  let page: Page;
  const pages = new HttpServer('127.0.0.1', 0).get('/', () =>
    HttpResponse.html('<!doctype html><link rel="icon" href="data:,">'),
  );

  beforeAll(async () => {
    recipe = await importRecipe();
    browser = await launchBrowser();
    await pages.start();
    page = await browser.newPage();
    await page.goto(originOf(pages));
  });
  afterAll(async () => {
    await browser.close();
    await pages.shutdown({ timeoutMs: 0 });
  });

  /** An API on another port than the page, for the page's origin unless it says otherwise; until the block is left. */
  const openApi = async (
    register: (server: HttpServer) => unknown,
    origins: readonly string[] = [originOf(pages)],
  ): Promise<{ readonly base: string } & AsyncDisposable> => {
    const server = new HttpServer('127.0.0.1', 0, { lane })
      .debug(false)
      .apply(recipe.cors({ origins, credentials: true }));
    register(server);
    await server.start();
    return {
      base: originOf(server),
      [Symbol.asyncDispose]: async () => void (await server.shutdown({ timeoutMs: 0 })),
    };
  };

  /** What the page reads, with its cookies. */
  const ask = (url: string, init: RequestInit = {}): Promise<Seen | string> =>
    page.evaluate(
      ([address, more]) =>
        fetch(address, { ...more, credentials: 'include' }).then(
          async (response) => ({
            status: response.status,
            retryAfter: response.headers.get('retry-after'),
            body: await response.text(),
          }),
          String,
        ),
      [url, init] as const,
    );

  const JSON_BODY = { headers: { 'content-type': 'application/json' }, body: '{}' };

  test.for([
    ['GET', {}],
    ['PUT', { method: 'PUT', ...JSON_BODY }],
  ] as const)('a page reads every kind of answer to %s, with its status', async ([, init]) => {
    await using api = await openApi((server) =>
      server
        .all('/200', () => 'Hello')
        .all('/403', { use: [() => HttpResponse.problem(403)] }, () => 'never')
        .all('/429', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'once')
        .all('/500', () => {
          throw new Error('broken');
        })
        .all('/503', { handlerTimeoutMs: 50 }, () => new Promise<string>(() => {}))
        .post('/405', () => 'never'),
    );
    expect(await ask(`${api.base}/200`, init)).toEqual({ status: 200, retryAfter: null, body: 'Hello' });
    await ask(`${api.base}/429`, init);
    for (const status of [403, 404, 405, 429, 500, 503]) {
      const seen = (await ask(`${api.base}/${status}`, init)) as Seen;
      expect(seen).toMatchObject({ status });
      expect(JSON.parse(seen.body)).toMatchObject({ status });
      if (status === 429) expect(seen.retryAfter).toBe('60');
    }
  });

  test('a page reads that its body is too large', async () => {
    await using api = await openApi((server) => server.post('/', { maxBodyBytes: 10 }, (request) => request.text()));
    expect(await ask(api.base, { method: 'POST', body: 'x'.repeat(2_000) })).toMatchObject({ status: 413 });
  });

  test('cookies come and go with requests and event streams', async () => {
    await using api = await openApi((server) =>
      server
        .post('/login', () => HttpResponse.text('Welcome').cookie('sid', 's1', { httpOnly: true, sameSite: 'lax' }))
        .get('/me', ({ cookies }) => cookies['sid'] ?? 'nobody')
        .events('/news', async function* (_stream, { cookies }) {
          yield { data: cookies['sid'] ?? 'nobody' };
        }),
    );
    expect(await ask(`${api.base}/me`)).toMatchObject({ body: 'nobody' });
    await ask(`${api.base}/login`, { method: 'POST', ...JSON_BODY });
    expect(await ask(`${api.base}/me`)).toMatchObject({ body: 's1' });
    const heard = await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const source = new EventSource(url, { withCredentials: true });
          const end = (heardOf: string): void => {
            source.close();
            resolve(heardOf);
          };
          source.addEventListener('message', ({ data }) => end(String(data)));
          source.addEventListener('error', () => end('an error'));
        }),
      `${api.base}/news`,
    );
    expect(heard).toBe('s1');
  });

  test('a page of an origin that is not named reads nothing, and its preflight lets nothing in', async () => {
    let calls = 0;
    await using api = await openApi(
      (server) => server.get('/', () => 'secret').put('/', () => ++calls),
      ['https://app.example'],
    );
    expect(await ask(api.base)).toBe(UNREADABLE);
    expect(await ask(api.base, { method: 'PUT', ...JSON_BODY })).toBe(UNREADABLE);
    expect(calls).toBe(0);
    expect((await fetch(api.base)).headers.get('vary')).toBe('Origin');
  });

  test('on a group it is for the routes of the group, whose own 404 pages can read', async () => {
    const server = new HttpServer('127.0.0.1', 0, { lane })
      .get('/outside', () => 'not for pages')
      .group('/api', (api) =>
        api
          .apply(recipe.cors({ origins: [originOf(pages)], credentials: true }))
          .put('/inside', () => 'for pages')
          .all('/*rest', () => HttpResponse.problem(404)),
      );
    await server.start();
    try {
      const base = originOf(server);
      expect(await ask(`${base}/api/inside`, { method: 'PUT', ...JSON_BODY })).toMatchObject({ body: 'for pages' });
      expect(await ask(`${base}/api/unknown`, { method: 'PUT', ...JSON_BODY })).toMatchObject({ status: 404 });
      expect(await ask(`${base}/outside`)).toBe(UNREADABLE);
    } finally {
      await server.shutdown({ timeoutMs: 0 });
    }
  });

  test('a preflight is counted by no rate limit', async () => {
    await using api = await openApi((server) => server.setRateLimit(1, 60).put('/', () => 'stored'));
    expect(await ask(api.base, { method: 'PUT', ...JSON_BODY })).toMatchObject({ status: 200 });
    expect(await ask(api.base, { method: 'PUT', ...JSON_BODY })).toMatchObject({ status: 429 });
  });

  test('a preflight needs no connected client', async () => {
    await using api = await openApi((server) => server.connectionRequired(true).put('/', () => 'stored'));
    expect(await ask(api.base, { method: 'PUT', ...JSON_BODY })).toMatchObject({ status: 403 });
  });
});

function originOf(server: HttpServer): string {
  return `http://127.0.0.1:${server.getAddress().port}`;
}

function importFromExample(): Promise<Recipe> {
  const path = join(HERE, '../../examples/cors/cors.js');
  return import(/* @vite-ignore */ path) as Promise<Recipe>;
}

/** The recipe as the page has it, from a file that lies where it finds its imports. */
async function importFromPage(): Promise<Recipe> {
  const block = new MarkdownPage('docs/how-to/cors.md').blocks.find(({ file }) => file === 'cors.ts');
  const folder = await mkdtemp(join(HERE, '.recipe-'));
  try {
    const file = join(folder, 'cors.ts');
    await writeFile(file, block?.code ?? '');
    return (await import(/* @vite-ignore */ file)) as Recipe;
  } finally {
    await rm(folder, { recursive: true });
  }
}
