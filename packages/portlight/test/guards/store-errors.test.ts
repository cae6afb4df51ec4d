import {
  MemoryRateLimitStore,
  type RateLimitClaim,
  type RateLimitDecision,
  type RateLimitStore,
} from '@portlight/rate-limit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HttpServer, type ServerOptions } from '../../src/index.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { portless } from '../support/open-server.ts';

type Take = RateLimitStore['take'];
type Broken = () => never;

const FAILURES: readonly [string, Take][] = [
  [
    'throws',
    () => {
      throw new Error('away');
    },
  ],
  ['rejects', () => Promise.reject(new Error('away'))],
  ['never answers', () => new Promise(() => {})],
  ['answers nothing', (() => undefined) as unknown as Broken],
  ['answers something else', (() => Promise.resolve({ isAllowed: true })) as unknown as Broken],
  ['gives too few decisions', () => Promise.resolve([])],
  ['gives what are no decisions', (() => Promise.resolve([{}])) as unknown as Broken],
  ['gives too many decisions', ([claim]) => [decision(claim), decision(claim)]],
  ['gives no time', ([claim]) => [{ ...decision(claim), resetSeconds: undefined as never }]],
  ['gives a time that is none', ([claim]) => [{ ...decision(claim), resetSeconds: Number.NaN }]],
  ['gives a time in words', ([claim]) => [{ ...decision(claim), resetSeconds: '7' as never }]],
  ['gives half a second', ([claim]) => [{ ...decision(claim), resetSeconds: 0.5 }]],
  ['gives less than nothing', ([claim]) => [{ ...decision(claim), remaining: -1 }]],
  ['gives more than a field can hold', ([claim]) => [{ ...decision(claim), remaining: 1e15 }]],
  ['gives another kind of number', ([claim]) => [{ ...decision(claim), remaining: 1n as never }]],
  ['does not say who may pass', ([claim]) => [{ ...decision(claim), isAllowed: 1 as never }]],
];

/** Lets a claim pass. */
function decision(claim: RateLimitClaim | undefined): RateLimitDecision {
  return { policy: (claim as RateLimitClaim).policy, isAllowed: true, remaining: 1, resetSeconds: 1 };
}

function open(take: Take, options: ServerOptions = {}): ReturnType<typeof portless> {
  return portless(
    (app) =>
      app
        .backplane(backplaneWith({ limits: { take: (claims) => take(claims) } }))
        .setRateLimit(2, 60)
        .get('/', () => 'ok'),
    options,
  );
}

/** Asks so often, one after the other, and lets no time be spent in waiting. */
async function ask(server: HttpServer, times: number): Promise<readonly Response[]> {
  const responses: Response[] = [];
  for (let index = 0; index < times; index++) {
    const asking = server.fetch('/');
    await vi.advanceTimersByTimeAsync(1_000);
    responses.push(await asking);
  }
  return responses;
}

const useTimers = (): unknown => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });

afterEach(() => void vi.useRealTimers());

describe.each(FAILURES)('while the store of limits %s', (_how, take) => {
  test("'local' counts in this process, and says so once", async () => {
    useTimers();
    const { server, log } = open(take);
    const responses = await ask(server, 4);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    expect(responses[0]?.headers.get('ratelimit')).toMatch(/^"default";r=1;t=\d+$/);
    expect(log.at('warn').map(({ message }) => message)).toEqual([
      'Rate limits cannot be counted together with others; this process counts for itself meanwhile.',
    ]);
    expect(log.at('error')).toEqual([]);
  });

  test("'allow' lets all pass, and states no limit", async () => {
    useTimers();
    const { server, log } = open(take, { onStoreError: 'allow' });
    const responses = await ask(server, 4);
    expect(responses.map(({ status, headers }) => [status, headers.has('ratelimit')])).toEqual(
      Array.from({ length: 4 }, () => [200, false]),
    );
    expect(log.at('warn')).toHaveLength(1);
  });

  test("'deny' answers 503 with Retry-After", async () => {
    useTimers();
    const { server, log } = open(take, { onStoreError: 'deny' });
    const [first, ...others] = await ask(server, 3);
    expect([first?.status, first?.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await first?.json()).toMatchObject({ code: 'ERR_PORTLIGHT_SERVICE_UNAVAILABLE' });
    expect(others.map(({ status }) => status)).toEqual([503, 503]);
    expect(log.at('warn')).toHaveLength(1);
    expect(log.at('error')).toEqual([]);
  });
});

describe('a store of limits', () => {
  test('that works again is asked again, and that is said', async () => {
    const store = new MemoryRateLimitStore();
    let isAway = true;
    const { server, log } = open((claims) => (isAway ? Promise.reject(new Error('away')) : store.take(claims)));
    const status = async (): Promise<number> => (await server.fetch('/')).status;
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
    isAway = false;
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
    expect(log.at('info').map(({ message }) => message)).toEqual([
      'What this server shares with others can be reached again.',
    ]);
  });

  test('that comes and goes is told of now and then', async () => {
    useTimers();
    const store = new MemoryRateLimitStore();
    let turn = 0;
    const { server, log } = open((claims) =>
      turn++ % 2 === 0 ? Promise.reject(new Error('away')) : store.take(claims),
    );
    const outages = (): number => log.at('warn').filter(({ message }) => message.startsWith('Rate limits')).length;
    for (let index = 0; index < 9; index++) await server.fetch('/');
    expect(outages()).toBe(1);
    vi.advanceTimersByTime(10_000);
    for (let index = 0; index < 9; index++) await server.fetch('/');
    expect(outages()).toBe(2);
  });

  test('that answers too late is waited for by nobody else, and asked once a second', async () => {
    useTimers();
    const answers: ((isThere: boolean) => void)[] = [];
    const store = new MemoryRateLimitStore();
    const { server } = portless((app) =>
      app
        .backplane(
          backplaneWith({
            limits: {
              take: (claims) =>
                new Promise<void>((answer) => answers.push(() => answer())).then(() => store.take(claims)),
            },
          }),
        )
        .setRateLimit(100, 60)
        .get('/', () => 'ok'),
    );
    const first = server.fetch('/');
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await first).status).toBe(200);
    // Nothing moves the clock here: these do not wait.
    for (let index = 0; index < 5; index++) expect((await server.fetch('/')).status).toBe(200);
    expect(answers).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    for (let index = 0; index < 5; index++) expect((await server.fetch('/')).status).toBe(200);
    expect(answers).toHaveLength(2);
    for (const answer of answers) answer(true);
    await vi.advanceTimersByTimeAsync(0);
    const next = server.fetch('/');
    await vi.advanceTimersByTimeAsync(0);
    answers.at(-1)?.(true);
    const { status, headers } = await next;
    expect([answers.length, status, headers.get('ratelimit')?.match(/r=\d+/)?.[0]]).toEqual([3, 200, 'r=97']);
  });
});

describe('a store of limits that takes its time to reject', () => {
  test('is waited for by one request, and asked once a second until it answers', async () => {
    useTimers();
    const store = new MemoryRateLimitStore();
    let asked = 0;
    let isAway = true;
    const { server } = open((claims) => {
      asked += 1;
      if (!isAway) return store.take(claims);
      return new Promise((_resolve, reject) => setTimeout(() => reject(new Error('No answer.')), 100));
    });
    const first = server.fetch('/');
    await vi.advanceTimersByTimeAsync(100);
    expect((await first).status).toBe(200);
    // Nothing moves the clock here: these do not wait.
    expect([(await server.fetch('/')).status, (await server.fetch('/')).status, asked]).toEqual([200, 429, 1]);
    vi.advanceTimersByTime(1_000);
    expect([(await server.fetch('/')).status, asked]).toEqual([429, 2]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect([(await server.fetch('/')).status, asked]).toEqual([200, 3]);
    expect([(await server.fetch('/')).status, asked]).toEqual([200, 4]);
  });
});

describe('an answer of a store of limits', () => {
  test('that refuses does so, whatever time it names', async () => {
    const { server } = open(([claim]) => [{ ...decision(claim), isAllowed: false, remaining: 0, resetSeconds: 0 }]);
    const { status, headers } = await server.fetch('/');
    expect([status, headers.get('retry-after'), headers.get('ratelimit')]).toEqual([429, '1', '"default";r=0;t=0']);
  });

  test('is about the policy that was asked for', async () => {
    const policy = { name: 'a\r\nb', max: 9, windowMs: 5, algorithm: 'token-bucket' } as const;
    const { server } = open(([claim]) => [{ ...decision(claim), policy }]);
    const { status, headers } = await server.fetch('/');
    expect([status, headers.get('ratelimit-policy'), headers.get('ratelimit')]).toEqual([
      200,
      '"default";q=2;w=60',
      '"default";r=1;t=1',
    ]);
  });
});

test.each(['LOCAL', true, null, 'open'])('onStoreError: %j is refused where it is given', (value) => {
  expect(() => new HttpServer('127.0.0.1', 0, { onStoreError: value as never })).toThrow(/'local', 'allow' or 'deny'/);
});

test('a server that is alone asks its memory without anything in between', async () => {
  const { server } = portless((app) => app.setRateLimit(1, 60).get('/', () => 'ok'), { onStoreError: 'deny' });
  expect([(await server.fetch('/')).status, (await server.fetch('/')).status]).toEqual([200, 429]);
});
