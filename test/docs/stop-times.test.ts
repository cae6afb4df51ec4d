import { expect, test } from 'vitest';
import { MarkdownPage } from './markdown-page.ts';

/** Most seconds that a drain takes, by the server of a page. */
function drainSecondsOf(page: MarkdownPage): number {
  const server = page.blocks.find(({ code }) => code.includes('drainTimeoutMs'))?.code ?? '';
  return Number(/drainTimeoutMs: ([\d_]+)/.exec(server)?.[1]?.replaceAll('_', '')) / 1_000;
}

test('the unit of systemd waits for longer than its server drains, and has room for its connections', () => {
  const page = new MarkdownPage('docs/how-to/systemd.md');
  const unit = page.blocks.find(({ file }) => file === 'app.service')?.code ?? '';
  const numberOf = (key: string): number => Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(unit)?.[1]);
  expect(numberOf('TimeoutStopSec')).toBeGreaterThanOrEqual(drainSecondsOf(page) + 5);
  expect(numberOf('LimitNOFILE')).toBeGreaterThan(10_000);
});

test('the server of the container has drained before docker stop kills it', () => {
  expect(drainSecondsOf(new MarkdownPage('docs/how-to/containers.md'))).toBeLessThan(10);
});
