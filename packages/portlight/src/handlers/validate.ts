import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RouteOptions } from '../config/route-options.ts';
import { InternalServerError, UnsupportedMediaTypeError } from '../errors/http-error.ts';
import { ValidationError, type ValidationIssue } from '../errors/validation-error.ts';
import { isJson } from '../fields/content-type.ts';
import { contentTypeOf } from '../request/assert-readable.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';

/** Whether anything of a request has to be validated before the handler. */
export function validatesRequest({ params, query, headers, body }: RouteOptions): boolean {
  return (params ?? query ?? headers ?? body) !== undefined;
}

/**
 * Holds a request against the schemas of its route and gives it their outputs. The body is read last, and only when
 * the rest is right.
 *
 * @throws {ValidationError} listing all that is wrong
 * @throws {UnsupportedMediaTypeError} 415 when the body has a type that cannot be read
 */
export async function validateRequest(options: RouteOptions, request: HttpRequest): Promise<void> {
  const issues: ValidationIssue[] = [];
  const { params, query, headers, body } = options;
  if (params !== undefined)
    controls.setParams(request, settle(await params['~standard'].validate(request.params), 'params', issues));
  if (query !== undefined)
    controls.setQuery(request, settle(await query['~standard'].validate(request.query), 'query', issues));
  if (headers !== undefined) settle(await headers['~standard'].validate(headerRecord(request)), 'headers', issues);
  if (body !== undefined && issues.length === 0) {
    controls.setBody(request, settle(await body['~standard'].validate(await readBody(request)), 'body', issues));
  }
  if (issues.length > 0) throw new ValidationError(issues);
}

/** @throws {InternalServerError} when the schema refuses the value; the issues are in its cause, not for the client */
export async function validateReply(schema: StandardSchemaV1, reply: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(reply);
  if (result.issues === undefined) return result.value;
  const cause = new Error(`The response schema refuses the reply: ${result.issues.map(describe).join('; ')}`);
  throw new InternalServerError(undefined, { code: 'ERR_PORTLIGHT_RESPONSE_VALIDATION', cause });
}

/** The output of a schema; what it refuses goes to the issues. */
function settle(
  result: StandardSchemaV1.Result<unknown>,
  part: ValidationIssue['in'],
  issues: ValidationIssue[],
): unknown {
  if (result.issues === undefined) return result.value;
  for (const issue of result.issues) issues.push(toIssue(issue, part));
  return undefined;
}

/** An issue of a schema, as clients read it. */
export function toIssue(issue: StandardSchemaV1.Issue, part: ValidationIssue['in']): ValidationIssue {
  return { in: part, path: pathOf(issue), message: issue.message };
}

/** The value that the schema gets; `undefined` where there is no body, or chunks that hold nothing. */
async function readBody(request: HttpRequest): Promise<unknown> {
  const body = controls.payload(request);
  if (!body.isPresent) return undefined;
  try {
    const value = await readByType(request);
    return body.isEmpty ? undefined : value;
  } catch (error) {
    if (body.isEmpty) return undefined;
    throw error;
  }
}

async function readByType(request: HttpRequest): Promise<unknown> {
  const type = contentTypeOf(request)?.essence;
  if (type !== undefined && isJson(type)) return request.json();
  if (type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data')
    return toRecord(await request.formData());
  if (type === 'text/plain') return request.text();
  // Of chunks only their coming tells whether there are any.
  if (controls.payload(request).declaredBytes === undefined) await readFirst(request);
  throw new UnsupportedMediaTypeError(
    `The body must be JSON, a form or plain text, not ${JSON.stringify(request.header('content-type') ?? 'of no type')}.`,
  );
}

async function readFirst(request: HttpRequest): Promise<void> {
  const reader = request.stream().getReader();
  await reader.read();
  void reader.cancel();
}

/** As a query: a repeated name is an array. */
function toRecord(form: FormData): Record<string, unknown> {
  const record = Object.create(null) as Record<string, unknown>;
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    record[name] = values.length === 1 ? values[0] : values;
  }
  return record;
}

function headerRecord(request: HttpRequest): Record<string, string> {
  const record = Object.create(null) as Record<string, string>;
  for (const [name, value] of request.headers) record[name] = value;
  return record;
}

function pathOf(issue: StandardSchemaV1.Issue): (string | number)[] {
  return (issue.path ?? []).map((step) => {
    const key = typeof step === 'object' ? step.key : step;
    return typeof key === 'number' ? key : String(key);
  });
}

function describe(issue: StandardSchemaV1.Issue): string {
  const path = pathOf(issue).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
