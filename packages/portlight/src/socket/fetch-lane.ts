import { AbortedError } from '../errors/aborted-error.ts';
import { openChannel } from '../handlers/accept-upgrade.ts';
import type { MessageWire } from '../channels/message-wire.ts';
import type { Pipeline } from '../pipeline.ts';
import type { BodySink, BodySource } from '../request/body-source.ts';
import { controls, HttpRequest } from '../request/http-request.ts';
import type { RequestRules, RequestSource, ServerView } from '../request/request-source.ts';
import { bodyOf, type HttpResponse } from '../response/http-response.ts';
import { discardBody } from '../response/replace-body.ts';
import { StreamedBody } from '../response/streamed-body.ts';
import { inspectResponse } from './response-head.ts';

/**
 * The lane without a socket: a standard `Request` in, a standard `Response` out, through the same pipeline.
 *
 * A string that begins with a slash is the request target as it stands, so that what a client may send can be tried:
 * `/a/../b` is not tidied up first. What no target can hold (blanks, controls, non-ASCII characters) is
 * percent-encoded.
 */
export async function fetchPortless(
  pipeline: Pipeline,
  view: ServerView,
  rules: RequestRules,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const isTarget = typeof input === 'string' && input.startsWith('/');
  const standard = new Request(isTarget ? 'http://localhost/' : input, init);
  const url = new URL(standard.url);
  const target = isTarget ? toTarget(input) : url.pathname + url.search;
  standard.signal.throwIfAborted();
  const request = new HttpRequest(toSource(standard, url, target, false), view, rules);
  const response = await untilAborted(Promise.resolve(pipeline.respond(request)), request, standard.signal);
  return toStandard(response, standard.method, () => controls.release(request), standard.signal);
}

/** A lone surrogate becomes U+FFFD, as in any URL. */
function toTarget(text: string): string {
  return text.replace(/[^!-~]+/g, (piece) => encodeURIComponent(Buffer.from(piece).toString()));
}

/** The response, unless the caller gives up first; then the rejection that `fetch` has, and the handler is told. */
async function untilAborted(
  response: Promise<HttpResponse>,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      controls.abort(request, new AbortedError('The caller aborted the request.', 'ERR_PORTLIGHT_CLIENT_GONE'));
      void response.then((late) => {
        discardBody(late, new Error('The caller aborted the request.'));
        controls.release(request);
      });
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([response, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * An upgrade to WebSocket without a socket: the answer, and where it is 101, what begins to speak over a wire.
 *
 * @param path a target as {@link fetchPortless} takes it
 */
export async function upgradePortless(
  pipeline: Pipeline,
  view: ServerView,
  rules: RequestRules,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly response: Response | undefined; open(wire: MessageWire): void }> {
  const target = toTarget(path);
  const standard = new Request(`http://localhost/`, { headers });
  for (const [name, value] of HANDSHAKE) if (!standard.headers.has(name)) standard.headers.set(name, value);
  const request = new HttpRequest(
    toSource(standard, new URL(standard.url), target, pipeline.takesUpgrade(target)),
    view,
    rules,
  );
  const response = await pipeline.respond(request);
  if (response.status !== 101)
    return { response: toStandard(response, 'GET', () => controls.release(request)), open: () => {} };
  return { response: undefined, open: (wire) => openChannel(request, wire) };
}

const HANDSHAKE = [
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['sec-websocket-version', '13'],
] as const;

function toSource(standard: Request, url: URL, target: string, isUpgrade: boolean): RequestSource {
  const host = standard.headers.has('host') ? [] : ['host', url.host];
  const rawHeaders = [...host, ...[...standard.headers].flat()];
  const length = standard.headers.get('content-length');
  return {
    method: standard.method,
    target,
    rawHeaders,
    rawTrailers: [],
    address: '127.0.0.1',
    port: 0,
    secure: url.protocol === 'https:',
    body: standard.body === null ? undefined : new WebBody(standard.body, length === null ? undefined : Number(length)),
    raw: undefined,
    isUpgrade,
    refusal: undefined,
  };
}

/** @param onDone called when the last of the response was taken */
function toStandard(response: HttpResponse, method: string, onDone: () => void, signal?: AbortSignal): Response {
  const { status, fields, bodyBytes, mayHaveBody } = inspectResponse(response, method);
  const headers = new Headers();
  for (let index = 0; index < fields.length; index += 2)
    headers.append(fields[index] as string, fields[index + 1] as string);
  if (bodyBytes !== undefined) headers.set('content-length', String(bodyBytes));
  const body = bodyOf(response);
  if (mayHaveBody && method !== 'HEAD' && body instanceof StreamedBody) {
    body.announce(bodyBytes);
    return new Response(toWebStream(body, onDone, signal), { status, headers });
  }
  onDone();
  if (mayHaveBody && method !== 'HEAD')
    return new Response(typeof body === 'string' ? body : body && new Uint8Array(body as Uint8Array), {
      status,
      headers,
    });
  discardBody(response, new Error('A response to this request has no body.'));
  return new Response(null, { status, headers });
}

function toWebStream(
  reader: StreamedBody,
  onDone: () => void,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      signal?.addEventListener(
        'abort',
        () => {
          reader.cancel(signal.reason as Error);
          controller.error(signal.reason);
          onDone();
        },
        { once: true },
      );
    },
    async pull(controller) {
      try {
        const step = await reader.next();
        if (step.done !== true)
          return controller.enqueue(typeof step.value === 'string' ? encoder.encode(step.value) : step.value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      onDone();
    },
    cancel(reason: unknown) {
      reader.cancel(reason instanceof Error ? reason : new Error('The reader of the response is gone.'));
      onDone();
    },
  });
}

/** The body of a standard request. Pulled chunk by chunk, so that a pause holds it. */
class WebBody implements BodySource {
  readonly declaredBytes: number | undefined;
  readonly #stream: ReadableStream<Uint8Array>;
  #resume: (() => void) | undefined;
  #isPaused = false;

  constructor(stream: ReadableStream<Uint8Array>, declaredBytes: number | undefined) {
    this.#stream = stream;
    this.declaredBytes = declaredBytes;
  }

  start(sink: BodySink): void {
    void this.#pump(sink);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resume?.();
  }

  async #pump(sink: BodySink): Promise<void> {
    const reader = this.#stream.getReader();
    try {
      for (;;) {
        if (this.#isPaused) await new Promise<void>((resolve) => (this.#resume = resolve));
        const step = await reader.read();
        if (step.done) return sink.end();
        sink.chunk(step.value);
      }
    } catch (error) {
      sink.fail(error as Error);
    }
  }
}
