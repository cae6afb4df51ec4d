import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { createParser } from 'eventsource-parser';
import { Watchers } from './watchers.ts';

export interface ReceivedEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** A client of an event stream that keeps what comes, in order. It does not come back by itself. */
export class EventClient implements AsyncDisposable {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All that came. */
  text = '';
  readonly received: ReceivedEvent[] = [];
  readonly comments: string[] = [];
  retryMs: number | undefined;
  /** How it ended: `'end'` is the orderly one. */
  ended: 'end' | 'cut' | undefined;
  readonly #request: ClientRequest;
  readonly #watchers: Watchers = new Watchers();

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    const parser = createParser({
      onEvent: ({ event = 'message', data, id }) => this.received.push({ event, data, id }),
      onComment: (comment) => this.comments.push(comment),
      onRetry: (ms) => (this.retryMs = ms),
    });
    response.setEncoding('utf8').on('data', (text: string) =>
      this.#watchers.note(() => {
        this.text += text;
        parser.feed(text);
      }),
    );
    response.on('end', () => this.#watchers.note(() => (this.ended ??= 'end')));
    response.on('error', () => this.#watchers.note(() => (this.ended ??= 'cut')));
    sent.on('error', () => this.#watchers.note(() => (this.ended ??= 'cut')));
  }

  /** Resolves when the head of the answer is there, whatever its status. */
  static async open(
    port: number,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
  ): Promise<EventClient> {
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      method,
      headers: { accept: 'text/event-stream', ...headers },
      agent: false,
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new EventClient(sent, response);
  }

  /** The first events, once so many came. */
  async events(count: number): Promise<readonly ReceivedEvent[]> {
    await this.until(() => this.received.length >= count);
    return this.received.slice(0, count);
  }

  /** The data of the first events. */
  async data(count: number): Promise<readonly string[]> {
    return (await this.events(count)).map(({ data }) => data);
  }

  /** Resolves when the condition holds; looked at whenever something comes. */
  until(condition: () => boolean): Promise<void> {
    return this.#watchers.until(condition);
  }

  async end(): Promise<'end' | 'cut'> {
    await this.until(() => this.ended !== undefined);
    return this.ended ?? 'cut';
  }

  /** Goes away without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#request.destroy();
    await this.end();
  }
}
