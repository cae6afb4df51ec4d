import { showValue } from '../errors/show-value.ts';

const NAME = /^[A-Za-z_$][\w$]*$/;

/** A call as the app would write it, with its own values: `get('/users', { use: [auth] }, listUsers)`. */
export function writeCall(method: string, ...args: readonly unknown[]): string {
  return `${method}(${args.map((each) => writeValue(each)).join(', ')})`;
}

/** Text that stands in a call as it is: the name of what has no name of its own. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** @param nameless what a function without a name is called */
function writeValue(value: unknown, nameless = 'handler'): string {
  if (value instanceof Code) return value.text;
  if (typeof value === 'function') return NAME.test(value.name) ? value.name : nameless;
  if (Array.isArray(value)) return `[${value.map((each) => writeValue(each, nameless)).join(', ')}]`;
  if (isRecord(value)) {
    const fields = Object.entries(value).map(
      ([name, field]) =>
        `${NAME.test(name) ? name : showValue(name)}: ${name === 'use' ? writeValue(field, 'middleware') : writeField(field)}`,
    );
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }
  return showValue(value);
}

/** What is inside an option is the app's own and may be long, a schema for example. */
function writeField(field: unknown): string {
  return typeof field === 'object' && field !== null ? '…' : writeValue(field);
}

/** An object literal, rather than an instance of something. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The arguments as sentences show them. */
export function showAll(args: readonly unknown[]): string {
  return args.length === 0 ? 'nothing' : args.map((each) => showValue(each)).join(', ');
}

/** A sentence that ends in the call to write instead. */
export function suggest(sentence: string, call: string): string {
  return `${sentence}; write ${call}.`;
}
