import type { HttpServer } from '../http-server.ts';
import { Inbox } from './inbox.ts';
import { UpgradeRefusedError } from './upgrade-refused-error.ts';

/** An event as a browser gives it. */
export interface TestEvent {
  /** @default 'message' */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has named. */
  readonly id: string;
}

/** The client's end of an event stream without a port. */
export interface TestEvents {
  /** The next event. @throws when the stream has ended and all were taken */
  next(): Promise<TestEvent>;
  close(): Promise<void>;
}

/**
 * Opens an event stream of a server that needs no port for it.
 *
 * @throws {UpgradeRefusedError} when the server answers with anything but a stream of events
 * @example
 * const events = await openEvents(server, '/feed/weather');
 * await server.publish('weather', 'rain');
 * console.log((await events.next()).data);
 */
export async function openEvents(
  server: HttpServer,
  path: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly lastEventId?: string } = {},
): Promise<TestEvents> {
  const headers = new Headers(options.headers);
  headers.set('accept', 'text/event-stream');
  if (options.lastEventId !== undefined) headers.set('last-event-id', options.lastEventId);
  const response = await server.fetch(path, { headers });
  if (
    response.status !== 200 ||
    response.body === null ||
    response.headers.get('content-type')?.startsWith('text/event-stream') !== true
  )
    throw new UpgradeRefusedError(response);
  const inbox = new Inbox<TestEvent>();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  void pump(reader, inbox);
  return { next: () => inbox.next(), close: () => reader.cancel() };
}

async function pump(reader: ReadableStreamDefaultReader<string>, inbox: Inbox<TestEvent>): Promise<void> {
  let text = '';
  let id = '';
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      text += step.value;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = block.split('\n').map(readField);
        id = fields.findLast(([name]) => name === 'id')?.[1] ?? id;
        const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
        if (data.length > 0)
          inbox.push({
            event: fields.findLast(([name]) => name === 'event')?.[1] ?? 'message',
            data: data.join('\n'),
            id,
          });
      }
    }
    inbox.end(new Error('The stream has ended.'));
  } catch (error) {
    inbox.end(error as Error);
  }
}

/** A line of a stream as our encoder writes it: a name, a colon, a space, a value. */
function readField(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(': ');
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 2)];
}
