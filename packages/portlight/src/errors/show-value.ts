import { inspect } from 'node:util';

const MOST_CHARACTERS = 120;

/**
 * A value as code shows it, on one line and short, for the sentences of errors: `'404'`, `{ port: 8080 }`, `[Function:
 * log]`.
 *
 * Never throws, and runs no getter and no method of the value.
 */
export function showValue(value: unknown): string {
  let text: string;
  try {
    const options = {
      depth: 1,
      breakLength: Infinity,
      compact: true,
      maxArrayLength: 8,
      maxStringLength: MOST_CHARACTERS,
      customInspect: false,
    };
    text = value instanceof URL ? value.href : inspect(value, options);
  } catch {
    return `a value of type ${typeof value}`;
  }
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}
