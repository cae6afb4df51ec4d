import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { HttpServer } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { findProgram } from '../conformance/find-program.ts';
import { skipsWithout } from '../conformance/skips-without.ts';

const PAGE = new URL('../../docs/how-to/publish-from-other-programs.md', import.meta.url);
const SECRET = 'a secret of bridges, for tests alone';
const run = promisify(execFile);

/** The one block of a language on the page. */
function blockOf(language: string): string {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] as string;
}

/** What cron runs of a line: behind five fields, without the backslashes before percent signs. */
function commandOf(line: string): string {
  return line.trim().split(' ').slice(5).join(' ').replaceAll('\\%', '%');
}

const SKIPS = {
  curl: skipsWithout(findProgram('curl'), 'curl', 'curl'),
  php: skipsWithout(findProgram('php'), 'PHP', 'php-cli'),
  python3: skipsWithout(findProgram('python3'), 'Python', 'python3'),
};

/** A program, the language of its block, how that is run, what it publishes, and something of the answer it shows. */
const PUBLISHERS = [
  ['curl', 'sh', (block: string) => ['sh', '-c', block], 'Hello from a shell', '"id":"shell-1"'],
  ['curl', 'crontab', (block: string) => ['sh', '-c', commandOf(block)], 'Good morning', '"id":"morning-20'],
  [
    'php',
    'php',
    (block: string) => ['php', '-r', block.replace('<?php', '')],
    '{"text":"Hello from PHP ☀"}',
    'article-7',
  ],
  ['python3', 'python', (block: string) => ['python3', '-c', block], '{"text":"Hello from Python"}', "'id': 'job-7'"],
] as const;

describe('the page on publishing from other programs', () => {
  const server = new HttpServer('127.0.0.1', 0)
    .history('news', { size: 10 })
    .events('/feed', (stream) => stream.join('news'))
    .bridge('/_publish', { secrets: { k1: SECRET } });

  beforeAll(() => server.start());
  afterAll(() => server.shutdown({ timeoutMs: 0 }));

  for (const [program, language, command, data, answer] of PUBLISHERS)
    test.skipIf(SKIPS[program])(`is right about ${language}`, async () => {
      const { port } = server.getAddress();
      await using feed = await EventClient.open(port, '/feed');
      const environment = { BRIDGE_URL: `http://127.0.0.1:${port}/_publish`, BRIDGE_SECRET: SECRET };
      const publish = async (): Promise<string> => {
        const [file, ...args] = command(blockOf(language)) as [string, ...string[]];
        return (await run(file, args, { env: { ...process.env, ...environment } })).stdout;
      };
      const first = await publish();
      expect(first).toContain(answer);
      // The same id: nothing goes out, and the answer is the first one.
      expect(await publish()).toBe(first);
      await server.publish('news', 'the next');
      expect((await feed.events(2)).map((event) => event.data)).toEqual([data, 'the next']);
    });
});
