import { describe, expect, test } from 'vitest';
import { formatLine } from '../src/log-line.ts';

/** One of each kind that cannot be seen, or turns what is seen around. */
const UNSEEN: Readonly<Record<string, string>> = {
  'a line feed': '\n',
  'a carriage return': '\r',
  'a tab': '\t',
  NUL: '\0',
  ESC: '\u001b',
  DEL: '\u007f',
  NEL: '\u0085',
  CSI: '\u009b',
  'a soft hyphen': '\u00ad',
  'an Arabic letter mark': '\u061c',
  'a Hangul filler': '\u3164',
  'a zero-width space': '\u200b',
  'a zero-width joiner': '\u200d',
  'a right-to-left mark': '\u200f',
  'a line separator': '\u2028',
  'a paragraph separator': '\u2029',
  'a right-to-left override': '\u202e',
  'a word joiner': '\u2060',
  'an isolate': '\u2066',
  'the end of an isolate': '\u2069',
  'a variation selector': '\ufe0f',
  'a byte order mark': '\ufeff',
  'a noncharacter': '\uffff',
  'half a high pair': '\ud800',
  'half a low pair': '\udfff',
  'a private character': '\ue000',
  'a tag': '\u{e0041}',
};

const everywhere: Readonly<Record<string, (text: string) => string>> = {
  'the sentence': (text) => formatLine('info', {}, `a${text}b`),
  'a value': (text) => formatLine('info', { path: `a${text}b` }, 'Answered.'),
  'a value inside a value': (text) => formatLine('info', { at: [{ name: `a${text}b` }] }, 'Answered.'),
  'the name of a field': (text) => formatLine('info', { [`a${text}b`]: 1 }, 'Answered.'),
};

describe.each(Object.entries(everywhere))('in %s', (_place, write) => {
  test.each(Object.entries(UNSEEN))('%s is shown by its escape', (_name, character) => {
    const line = write(character);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(line.slice(0, -1)).not.toContain(character);
    expect(line).toMatch(/a\\(?:[nrt]|u[0-9a-f]{4}|u\{[0-9a-f]+\})b/i);
  });
});

describe('in an error', () => {
  test.each(Object.entries(UNSEEN).filter(([, character]) => character !== '\n'))(
    '%s is shown by its escape',
    (_name, character) => {
      const line = formatLine('error', { err: new Error(`a${character}b`, { cause: `c${character}d` }) }, 'It failed.');
      expect(line).not.toContain(character);
      expect(line).toMatch(/Error: a\\/);
      expect(line).toMatch(/caused by thrown: 'c\\/);
    },
  );

  test('a line of its message does not pass for one of the log', () => {
    const line = formatLine('error', { err: new Error('a\n2026-01-01T00:00:00.000Z ERROR forged') }, 'It failed.');
    expect(line).toMatch(/\nError: a\n {4}2026-01-01T00:00:00\.000Z ERROR forged\n/);
  });

  test('its stack keeps its lines', () => {
    expect(formatLine('error', { err: new TypeError('x') }, 'It failed.')).toMatch(
      /\nTypeError: x\n {4}at [^]*log-line\.test/,
    );
  });

  test('a cause that is itself, and many causes, come to an end', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(formatLine('error', { err: loop }, 'It failed.').match(/Error: loop/g)).toHaveLength(8);
  });

  test('the errors of an aggregate are told', () => {
    const line = formatLine('error', { err: new AggregateError([new Error('one'), 'two'], 'both') }, 'It failed.');
    expect(line).toMatch(/AggregateError: both\n[^]*\none of them: Error: one\n[^]*\none of them: thrown: 'two'\n/);
  });

  test('a message of any size takes a bounded part of the log', () => {
    expect(formatLine('error', { err: new Error('x'.repeat(10_000_000)) }, 'It failed.').length).toBeLessThan(20_000);
    expect(formatLine('error', { path: 'x'.repeat(10_000_000) }, 'It failed.').length).toBeLessThan(20_000);
    expect(
      formatLine('error', { err: Array.from({ length: 100_000 }, (_each, index) => ({ index })) }, 'It failed.').length,
    ).toBeLessThan(20_000);
  });
});

test('letters and signs of every script are left as they are', () => {
  const text = 'é ñ 漢字 привет שלום مرحبا हिन्दी 😀 €';
  expect(formatLine('info', { text }, text)).toContain(`INFO ${text} text="${text}"`);
});

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

test.each<[string, unknown]>([
  ['a cycle', cycle],
  ['a bigint', 1n],
  [
    'a toJSON that throws',
    {
      toJSON: () => {
        throw new Error('evil');
      },
    },
  ],
  ['a function', () => 1],
])('a field of %s costs no line', (_name, value) => {
  expect(formatLine('info', { value }, 'Answered.')).toMatch(/INFO Answered\. value=.+\n$/);
});
