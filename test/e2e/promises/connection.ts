import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent, request as requestByTls } from 'node:https';

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** From which address of this machine. */
  readonly localAddress?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON. */
  readonly json: unknown;
  /** The pid of the process that gave it. */
  readonly process: number;
}

/** One connection, on which one request follows another. It opens with the first. */
export class Connection implements AsyncDisposable {
  readonly port: number;
  readonly #agent: Agent;
  readonly #request: typeof request;
  /** Which process answered last. */
  process = 0;

  /** @param cert of a server that speaks TLS, as `app.test` */
  constructor(port: number, cert?: string) {
    const kept = { keepAlive: true, maxSockets: 1 };
    this.port = port;
    this.#agent = cert === undefined ? new Agent(kept) : new SecureAgent({ ...kept, ca: cert, servername: 'app.test' });
    this.#request = cert === undefined ? request : requestByTls;
  }

  async ask(path: string, { method, headers, body, localAddress }: Asking = {}): Promise<Answer> {
    const sent = this.#request({
      host: '127.0.0.1',
      port: this.port,
      path,
      agent: this.#agent,
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(localAddress === undefined ? {} : { localAddress }),
    }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    this.process = Number(response.headers['x-process']);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      get json() {
        return JSON.parse(text) as unknown;
      },
      process: this.process,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }
}
