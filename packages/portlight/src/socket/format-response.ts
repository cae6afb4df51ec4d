import { DEFAULTS } from '../defaults.ts';
import { bodyOf, type HttpResponse, setBody } from '../response/http-response.ts';
import { StreamedBody } from '../response/streamed-body.ts';
import { CLOSE, formatHeadText } from './head-text.ts';
import { inspectResponse, takeBody } from '../response/response-head.ts';

/**
 * A response as the bytes of a connection's last message. A stream is read whole, a short page for an error from a file
 * for example; a longer one has no place here and is left out.
 */
export async function formatLastResponse(response: HttpResponse): Promise<Buffer> {
  const streamed = bodyOf(response);
  if (streamed instanceof StreamedBody) setBody(response, await collect(streamed));
  const head = inspectResponse(response);
  const body = takeBody(response, head);
  return Buffer.concat([Buffer.from(formatHeadText(head, CLOSE), 'latin1'), Buffer.from((body ?? '') as string)]);
}

/** The bytes of a stream, or none where there are too many of them or it fails. */
async function collect(body: StreamedBody): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for (let step = await body.next(); step.done !== true; step = await body.next()) {
      const chunk = Buffer.from(step.value as string);
      bytes += chunk.byteLength;
      if (bytes > DEFAULTS.maxDrainedBodyBytes) throw new Error('The body is too long for a last message.');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    body.cancel(error as Error);
    return new Uint8Array(0);
  }
}
