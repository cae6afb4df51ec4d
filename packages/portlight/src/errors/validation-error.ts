import { BadRequestError } from './http-error.ts';

/** One thing that is wrong with a request, for a program that marks a field of a form. */
export interface ValidationIssue {
  readonly in: 'params' | 'query' | 'headers' | 'body' | 'message';
  /** The way to the value: `['items', 0, 'price']`; empty for the whole. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * 400: a schema refused the request, or a message of a channel. The response to a request lists what is wrong as
 * `errors`.
 */
export class ValidationError extends BadRequestError {
  readonly errors: readonly ValidationIssue[];

  constructor(errors: readonly ValidationIssue[]) {
    const subject = errors[0]?.in === 'message' ? 'message' : 'request';
    super(`The ${subject} does not have the expected form.`, { code: 'ERR_PORTLIGHT_VALIDATION' });
    this.errors = errors;
  }

  static {
    this.prototype.name = 'ValidationError';
  }
}
