import { showValue } from './show-value.ts';
import { withoutStack } from './without-stack.ts';

/** Stands in the log for something that was thrown and is no `Error`: an object, a response, `undefined`. */
class ThrownValue extends Error {
  /** What was thrown. */
  readonly value: unknown;

  constructor(value: unknown) {
    super(
      isResponseLike(value)
        ? `A response was thrown, ${showValue(value)}. Return it: what is thrown is an error.`
        : `${showValue(value)} was thrown, which is no Error.`,
    );
    this.value = value;
  }

  static {
    this.prototype.name = 'ThrownValue';
  }
}

/** What was thrown, as an error that loggers know to show: itself if it is one. Where it was thrown, no value tells. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : withoutStack(() => new ThrownValue(thrown));
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
  } catch {
    return false;
  }
}

function isResponseLike(value: unknown): boolean {
  try {
    return (
      typeof value === 'object' &&
      value !== null &&
      'status' in value &&
      typeof value.status === 'number' &&
      'headers' in value &&
      'body' in value
    );
  } catch {
    return false;
  }
}
