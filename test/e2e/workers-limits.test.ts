import { expect, test } from 'vitest';
import { App } from './promises/app.ts';
import { IS_LONG, WORKERS } from './workers/children.ts';

const ROUNDS = IS_LONG ? 1_000 : 12;
const CLIENTS = 8;

test('a limit of N lets in exactly N of 8 clients on 4 children, again and again', { timeout: 600_000 }, async () => {
  await using app = await App.start(WORKERS);
  await using first = await app.connections();
  await using second = await app.connections();
  const clients = [...first, ...second].slice(0, CLIENTS);
  for (let round = 0; round < ROUNDS; round++) {
    const [path, max] = round % 2 === 0 ? (['/limited', 100] as const) : (['/scarce', 3] as const);
    const headers = { 'x-key': `round ${round}` };
    const each = Math.ceil((1.5 * max) / CLIENTS);
    const answers = await Promise.all(
      clients.flatMap((client) => Array.from({ length: each }, () => client.ask(path, { headers }))),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBe(max);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(answers.length - max);
  }
});
