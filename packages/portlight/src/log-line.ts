import { inspect } from 'node:util';

/** What one error, and one value, may take of a log. */
const MOST_CHARACTERS = 16_384;
/** How far into the causes of an error, and how many errors of an aggregate, are shown. */
const MOST_ERRORS = 8;

/**
 * What cannot be seen, or changes what is seen around it: control characters (C0, DEL, C1), line and paragraph
 * separators, bidi controls, zero-width characters, byte order marks, half surrogate pairs, and what no font has.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * One line for a log, and below it the error where the fields hold one as `err`. Never throws, whatever the fields
 * hold.
 */
export function formatLine(level: string, fields: object, message: string): string {
  const { err, ...rest } = fields as { err?: unknown };
  const pairs = Object.entries(rest).map(([name, value]) => ` ${formatName(name)}=${formatValue(value)}`);
  const line = `${new Date().toISOString()} ${level.toUpperCase()} ${visible(message)}${pairs.join('')}\n`;
  return 'err' in fields ? `${line}${formatError(err)}\n` : line;
}

/** The text, with each character that cannot be seen as its escape: one line, which says what it seems to say. */
function visible(text: string): string {
  return cut(text).replace(UNSEEN, escape);
}

function escape(character: string): string {
  const code = character.codePointAt(0) as number;
  return SHORT[character] ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`);
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;
}

function formatName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : visible(JSON.stringify(name));
}

function formatValue(value: unknown): string {
  try {
    return visible(
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : (JSON.stringify(value) ?? show(value)),
    );
  } catch {
    return visible(show(value));
  }
}

/**
 * The stack, and those of what caused it. What was thrown may be anything, even something that throws when it is read.
 */
function formatError(thrown: unknown): string {
  const texts: string[] = [];
  collect(thrown, '', texts);
  // A line that begins as those of the log do would pass for one of them.
  return texts
    .map((text) =>
      cut(text)
        .split('\n')
        .map(visible)
        .join('\n')
        .replace(/\n(?=\S)/g, '\n    '),
    )
    .join('\n');
}

function collect(thrown: unknown, prefix: string, texts: string[]): void {
  if (texts.length >= MOST_ERRORS) return;
  try {
    if (!(thrown instanceof Error)) {
      texts.push(`${prefix}thrown: ${show(thrown)}`);
      return;
    }
    texts.push(prefix + String(thrown.stack ?? thrown));
    const { cause } = thrown;
    if (cause !== undefined) collect(cause, 'caused by ', texts);
    if (thrown instanceof AggregateError)
      for (const each of thrown.errors as unknown[]) collect(each, 'one of them: ', texts);
  } catch {
    texts.push(`${prefix}thrown: a value that cannot be shown`);
  }
}

/** Like a console shows it; getters are not run. */
function show(value: unknown): string {
  const options = { depth: 3, maxArrayLength: 20, maxStringLength: 2_048, breakLength: Infinity };
  for (const customInspect of [true, false]) {
    try {
      return inspect(value, { ...options, customInspect });
    } catch {
      // Its own way of being shown failed.
    }
  }
  return 'a value that cannot be shown';
}
