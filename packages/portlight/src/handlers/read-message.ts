import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ValidationError } from '../errors/validation-error.ts';
import { decodeUtf8, parseJsonText } from '../request/json.ts';
import { toIssue } from './validate.ts';

/** Why messages were refused: what a handler throws itself is none of them, whatever its class. */
const refusals: WeakSet<object> = new WeakSet();

/** Whether an error says why a message was refused. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

/**
 * A message as JSON, held against the schema of its route.
 *
 * @returns the output of the schema
 * @throws a refusal, when it is no JSON or the schema does not take it
 */
export function readMessage(schema: StandardSchemaV1, data: string | Buffer): unknown {
  const result = schema['~standard'].validate(readJson(data));
  return result instanceof Promise ? result.then(outputOf) : outputOf(result);
}

function outputOf(result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw refusalOf(new ValidationError(result.issues.map((issue) => toIssue(issue, 'message'))));
}

function readJson(data: string | Buffer): unknown {
  try {
    return parseJsonText(typeof data === 'string' ? data : decodeUtf8(data, 'message'), 'message');
  } catch (error) {
    throw refusalOf(error as Error);
  }
}

function refusalOf(error: Error): Error {
  refusals.add(error);
  return error;
}
