import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RouteOptions } from '../config/route-options.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { Query } from '../request/query.ts';
import type { HttpResponse } from '../response/http-response.ts';
import type { PathParams } from '../routing/params.ts';
import type { RoutePattern } from '../routing/pattern.ts';

type Output<Schema, Otherwise> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Otherwise;

/** What a route's pattern and schemas say about its requests. */
export interface RouteShape<Pattern extends RoutePattern, Options extends RouteOptions> {
  readonly params: Output<Options['params'], PathParams<Pattern>>;
  readonly query: Output<Options['query'], Query>;
  readonly body: Output<Options['body'], undefined>;
}

/** What a handler may return where its route has a `response` schema: a value the schema takes, or a response. */
export type RouteReply<Options extends RouteOptions> =
  Options['response'] extends StandardSchemaV1<infer Input>
    ? Input | HttpResponse | Response | Promise<Input | HttpResponse | Response>
    : unknown;

/**
 * A handler of a route: what it returns, or resolves to, is sent.
 *
 * A string is text, an object, array, number, boolean or `null` JSON, bytes are bytes, streams and iterators are
 * streamed, `undefined` is 204, a `Response` or `HttpResponse` goes out as it is.
 */
export type RouteHandler<
  Pattern extends RoutePattern = RoutePattern,
  Options extends RouteOptions = Record<never, never>,
> = (request: HttpRequest<RouteShape<Pattern, Options>>) => RouteReply<Options>;
