import type { HttpResponse } from '../response/http-response.ts';
import { inspectResponse, takeBody } from '../response/response-head.ts';
import { StreamedBody } from '../response/streamed-body.ts';

/**
 * A response as a standard one, for who asked by a standard request.
 *
 * @param onDone called when the last of the response was taken, or will not be; says which
 */
export function toStandardResponse(
  response: HttpResponse,
  method: string,
  onDone: (isWhole: boolean) => void,
  signal?: AbortSignal,
): Response {
  const head = inspectResponse(response, method);
  const { status, fields, bodyBytes } = head;
  const headers = new Headers();
  for (let index = 0; index < fields.length; index += 2)
    headers.append(fields[index] as string, fields[index + 1] as string);
  if (bodyBytes !== undefined) headers.set('content-length', String(bodyBytes));
  const body = takeBody(response, head);
  if (body instanceof StreamedBody) {
    body.announce(bodyBytes);
    return new Response(toWebStream(body, onDone, signal), { status, headers });
  }
  onDone(true);
  const init = { status, headers };
  return body instanceof Uint8Array ? new Response(new Uint8Array(body), init) : new Response(body, init);
}

function toWebStream(
  reader: StreamedBody,
  onDone: (isWhole: boolean) => void,
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
          onDone(false);
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
        onDone(true);
      } catch (error) {
        controller.error(error);
        onDone(false);
      }
    },
    cancel(reason: unknown) {
      reader.cancel(reason instanceof Error ? reason : new Error('The reader of the response is gone.'));
      onDone(false);
    },
  });
}
