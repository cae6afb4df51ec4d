import { HttpServer } from 'portlight';
import { describe, expect, test } from 'vitest';
import { MarkdownPage } from './markdown-page.ts';

const PAGE = new MarkdownPage('docs/migration-from-luminova.md').text;

/** What `Luminova\Http\HttpServer` has that a caller sees. */
const METHODS = (
  '__construct __call __destruct debug connectionRequired websocket isConnected isPortFree freePortIfStuck setTimeout ' +
  'setRateLimit setMaxProcesses setHeader setHeaders getSocket getId getAddress start run shutdown on off accept get ' +
  'post ping error connect disconnect route onResponse'
).split(' ');

const PROPERTY_AND_DEFAULTS = [
  '`$guid`',
  '`$port`',
  '`$autostart`',
  '`$options`',
  '`$timeout` of `run`',
  '`$sleep` of `run`',
  '`$simultaneous` of `run`',
  '`$microseconds` of `setTimeout`',
  '`$debug` of `debug`',
  '`$required` of `connectionRequired`',
  '`$accept` of `websocket`',
  '`$port` of `freePortIfStuck`',
  '`$kill` of `shutdown`',
  '`$address` of `on`',
  '`$address` of `off`',
  '`$response` of `connect`',
  '`$response` of `disconnect`',
  '`$maxRequests`',
  '`$timeWindow`',
  '`$maxProcesses`',
  '`$headers`',
  '`$acceptWebSocket`',
];

const RESPONSES =
  'DEFAULT PING REQUEST_LIMIT NOT_FOUND CONNECTED DISCONNECTED SERVER_ERROR NOT_CONNECTED INVALID_WS_KEY WS_UPGRADE'.split(
    ' ',
  );

const TABLES = [
  ['Methods', METHODS.map(inCode)],
  ['Property and defaults', PROPERTY_AND_DEFAULTS],
  ['Responses', RESPONSES.map(inCode)],
] as const;

describe.each(TABLES)('%s', (heading, names) => {
  const rows = rowsBelow(heading);

  test('the table has a row for each, and no other', () => {
    expect(rows.map(([name]) => name)).toEqual(names);
  });

  test.each(rows)('%s has four cells, all filled', (...cells) => {
    expect(cells).toHaveLength(4);
    expect(cells).not.toContain('');
  });
});

const OURS = rowsBelow('Methods').map((cells): [string, string[]] => [
  cells[0] ?? '',
  [...(cells[3] ?? '').matchAll(/`(\w+)\(/g)].map(([, method = '']) => method),
]);

test.each(OURS)('%s is here by methods that there are', (_name, methods) => {
  expect(methods).not.toEqual([]);
  expect(methods.filter((method) => !(method in HttpServer.prototype))).toEqual([]);
});

function rowsBelow(heading: string): string[][] {
  const section = PAGE.split(`### ${heading}\n`)[1]?.split(/\n##/)[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function inCode(name: string): string {
  return `\`${name}\``;
}
