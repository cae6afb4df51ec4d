import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { MarkdownPage, readPages, REPOSITORY } from './markdown-page.ts';

const pages = readPages();
const links = pages.flatMap(({ path, links: ofPage }) =>
  ofPage.filter(({ target }) => !/^[a-z]+:/.test(target)).map(({ line, target }) => ({ page: path, line, target })),
);

test('there are links', () => {
  expect(links.length).toBeGreaterThan(20);
});

test.for(links.map((link) => [link.page, link.line, link.target] as const))('%s:%i leads to %s', ([page, , target]) => {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : normalize(join(dirname(page), file));
  expect(existsSync(join(REPOSITORY, path)), `${path} exists`).toBe(true);
  if (anchor !== undefined) expect([...new MarkdownPage(path).anchors]).toContain(anchor);
});

test('every page of the documentation can be reached from its index', () => {
  const reached = new Set<string>();
  const pending = ['docs/README.md'];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { target } of pages.find((page) => page.path === path)?.links ?? []) {
      const [file = ''] = target.split('#');
      if (file.endsWith('.md')) pending.push(normalize(join(dirname(path), file)));
    }
  }
  const all = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
  expect(all.filter((path) => !reached.has(path))).toEqual([]);
});

test('the way of a request leads through files that exist', () => {
  const source = 'packages/portlight/src';
  const names = [
    ...new MarkdownPage(`${source}/README.md`).text.matchAll(/`([a-z-]+\/(?:[a-z-]+\.ts)?|[a-z-]+\.ts)`/g),
  ].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !existsSync(join(REPOSITORY, source, name)))).toEqual([]);
});
