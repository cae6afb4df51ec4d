import { parse, PathError, type Token } from 'path-to-regexp';
import { canonicalText } from './canonical-text.ts';
import { invalidPattern } from './invalid-pattern.ts';
import { syntaxRemedy } from './syntax-remedy.ts';

/** All characters that mean something to path-to-regexp; most patterns have none. */
const SYNTAX = /[\\:*{}()[\]+?!]/;
/** What text may not hold, or not in this form. */
const SPECIAL = /[?#\\%\0]/;
const WORD = /^[\p{ID_Start}$_][\p{ID_Continue}$-]*$/u;
const WORD_GROUP = /(?<=\/)\{([\p{ID_Start}$_][\p{ID_Continue}$-]*)\}(?=\/|\{\/|\}|$)/gu;
/** What is in no path that reaches a route, and how it is written where it is meant. */
const ESCAPED: Readonly<Record<string, string>> = { '?': '%3F', '#': '%23', '\\': '%5C' };

/**
 * The tokens of a pattern, their text in canonical form.
 *
 * @throws {ConfigError} naming `route` and the remedy
 */
export function parsePattern(pattern: string, route: string): readonly Token[] {
  if (pattern !== '' && !SYNTAX.test(pattern)) return [{ type: 'text', value: toText(pattern, route) }];
  const tokens = parseTokens(pattern, route);
  assertNoWordGroup(tokens, pattern, route);
  return tokens;
}

function parseTokens(pattern: string, route: string): readonly Token[] {
  try {
    return parse(pattern, { encodePath: (text) => toText(text, route) }).tokens;
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    const [reason = ''] = error.message.split(/: |; /, 1);
    throw invalidPattern(route, `${syntaxRemedy(pattern) ?? reason.charAt(0).toLowerCase() + reason.slice(1)}.`, error);
  }
}

function toText(text: string, route: string): string {
  if (!SPECIAL.test(text)) return text;
  const stray = /[?#\\]/.exec(text)?.[0];
  if (stray !== undefined)
    throw invalidPattern(
      route,
      `no path holds a bare '${stray}'; write '${ESCAPED[stray]}' for one that is part of the path.`,
    );
  if (/\0|%00/.test(text))
    throw invalidPattern(route, 'no path holds a NUL, for it is answered with 400; leave it out.');
  return canonicalText(text);
}

/** Elsewhere `{id}` is a param; here it would be the optional text "id". */
function assertNoWordGroup(tokens: readonly Token[], pattern: string, route: string): void {
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'group') continue;
    assertNoWordGroup(token.tokens, pattern, route);
    const [only, ...others] = token.tokens;
    if (only?.type !== 'text' || others.length > 0 || !WORD.test(only.value)) continue;
    if (!endsSegment(tokens[index - 1]) || !startsSegment(tokens[index + 1])) continue;
    throw invalidPattern(
      route,
      `'{${only.value}}' is optional text, not a param; write '${pattern.replace(WORD_GROUP, toParam)}'.`,
    );
  }
}

function toParam(_group: string, word: string): string {
  return word.includes('-') ? `:"${word}"` : `:${word}`;
}

function endsSegment(before: Token | undefined): boolean {
  return before?.type === 'text' && before.value.endsWith('/');
}

function startsSegment(after: Token | undefined): boolean {
  if (after?.type === 'group') return startsSegment(after.tokens[0]);
  return after === undefined || (after.type === 'text' && after.value.startsWith('/'));
}
