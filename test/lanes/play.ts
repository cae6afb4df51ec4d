import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Sight } from './journal.ts';
import { readWire, shorten, type Wire, type WireResponse } from './read-wire.ts';
import type { LaneServer } from './two-servers.ts';

export const FIN: unique symbol = Symbol('FIN');
export const RESET: unique symbol = Symbol('RESET');

/**
 * What a client does next: sends bytes, a character for each, as a packet of their own; waits; closes its side; or
 * drops the connection.
 */
export type Step =
  string | { readonly responses: number } | { readonly requests: number } | typeof FIN | typeof RESET | (() => unknown);

export interface Script {
  /** What is sent; with steps in between where they matter. */
  readonly sends: string | readonly Step[];
  /** How many final responses are to come. @default 1 */
  readonly answers?: number;
  /** Which of them, counted from 0, answer a HEAD. */
  readonly heads?: readonly number[];
  /** The client says nothing more, and the server ends the connection by itself. */
  readonly waits?: boolean;
  /** The server cuts the last response, behind what its source gave before it failed. */
  readonly isCut?: boolean;
  /** That is more than a socket holds: how much of it came is chance. */
  readonly isLongCut?: boolean;
  /** The end of the client's side stands behind requests that wait: which handlers are told of it is chance. */
  readonly isAbortChance?: boolean;
}

/** All that a client saw of a connection, and what the app saw. */
export interface Outcome {
  readonly responses: readonly WireResponse[];
  readonly rest: string | WireResponse;
  /** `open`: another request was answered afterwards. `silent`: nothing more came, which no case wants. */
  readonly end: 'open' | 'FIN' | 'RST' | 'silent';
  readonly seen: readonly Sight[];
  readonly log: readonly string[];
}

const PROBE = 'GET /probe HTTP/1.1\r\nhost: probe\r\n\r\n';
const PATIENCE_MS = 8_000;
const MOST_TURNS = 300;

class Client {
  received = '';
  hasEnded = false;
  isClosed = false;
  isReset = false;
  readonly socket: Socket;
  sent = 0;
  /** The end of the connection is not that of a body. */
  readonly isCut: boolean;
  #wire: Wire | undefined;
  #watchers: (() => void)[] = [];

  constructor(port: number, isCut: boolean) {
    this.isCut = isCut;
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => this.#note(() => (this.received += text)));
    this.socket.on('end', () => this.#note(() => (this.hasEnded = true)));
    this.socket.on('error', () => this.#note(() => (this.isReset ||= !this.hasEnded)));
    this.socket.on('close', () => this.#note(() => (this.isClosed = true)));
  }

  get isOver(): boolean {
    return this.hasEnded || this.isClosed;
  }

  /** What came so far; read again only when something new can be complete. */
  read(heads: readonly number[]): Wire {
    if (this.#wire === undefined || this.isOver || this.received.length >= this.#wire.needs)
      this.#wire = readWire(this.received, heads, this.isOver && !this.isCut);
    return this.#wire;
  }

  /** Resolves to whether the condition came to hold before patience ran out. */
  until(condition: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => leave(false), PATIENCE_MS);
      const look = (): void => void (condition() && leave(true));
      const leave = (holds: boolean): void => {
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((watcher) => watcher !== look);
        resolve(holds);
      };
      this.#watchers.push(look);
      look();
    });
  }

  #note(change: () => void): void {
    change();
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Plays a script against one server, then asks once more where the connection is left open, and looks how it ends. */
export async function play(
  at: LaneServer,
  { sends, answers = 1, heads = [], waits = false, isCut = false, isLongCut = false, isAbortChance = false }: Script,
): Promise<Outcome> {
  const client = new Client(at.port, isCut);
  const read = (): Wire => client.read(heads);
  await once(client.socket, 'connect');
  const server = await accepted(at, client.socket.localPort as number);
  const steps = typeof sends === 'string' ? [sends] : sends;
  for (const step of steps) await take(step, client, server, at, read);
  const awaitsEnd = waits || steps.includes(FIN);
  const isComplete = await client.until(
    () => client.isOver || (read().finals >= answers && !read().saysClose && !awaitsEnd),
  );
  const { responses, rest } = read();
  let isOpen = false;
  if (isComplete && !client.isOver) {
    client.socket.write(PROBE);
    await client.until(() => client.isOver || read().finals > answers);
    isOpen = read().finals > answers;
  }
  const end: Outcome['end'] = isOpen ? 'open' : client.isReset ? 'RST' : client.isOver ? 'FIN' : 'silent';
  const last = end === 'open' ? { responses, rest } : read();
  await leave(client, server);
  const outcome = { ...shortened(last), end, seen: at.journal.take(), log: at.log.take() };
  return {
    ...outcome,
    rest: isLongCut ? 'cut' : outcome.rest,
    seen: isCut || isAbortChance ? outcome.seen.map((sight) => ({ ...sight, aborted: undefined })) : outcome.seen,
  };
}

async function take(step: Step, client: Client, server: Socket, at: LaneServer, read: () => Wire): Promise<void> {
  if (step === FIN) client.socket.end();
  else if (step === RESET) client.socket.resetAndDestroy();
  else if (typeof step === 'string') await send(step, client, server);
  else if (typeof step === 'function') await step();
  else if ('requests' in step) await at.journal.reached(step.requests);
  else await client.until(() => client.isOver || read().responses.length >= step.responses);
}

/**
 * Resolves when the server has read the bytes, so that the next ones come apart from them; or will not read them for
 * now.
 */
async function send(bytes: string, client: Client, server: Socket): Promise<void> {
  if (!client.socket.writable) return;
  client.socket.write(bytes, 'latin1');
  client.sent += bytes.length;
  for (let turns = 0; turns < MOST_TURNS && server.bytesRead < client.sent && !server.destroyed; turns++) await turn();
}

async function accepted(at: LaneServer, clientPort: number): Promise<Socket> {
  for (;;) {
    const socket = at.socketOf(clientPort);
    if (socket !== undefined) return socket;
    await turn();
  }
}

/**
 * Closes the client's side, and resolves when both sides are closed, so that the app has learned of it. What does not
 * close is cut.
 */
async function leave(client: Client, server: Socket): Promise<void> {
  const isGone = new Promise<void>((resolve) => (server.closed ? resolve() : server.once('close', () => resolve())));
  client.socket.end();
  const timer = setTimeout(() => server.destroy(), PATIENCE_MS);
  await client.until(() => client.isClosed);
  await isGone;
  clearTimeout(timer);
  await turn();
}

function shortened({ responses, rest }: Pick<Wire, 'responses' | 'rest'>): Pick<Outcome, 'responses' | 'rest'> {
  const short = (response: WireResponse): WireResponse => ({ ...response, body: shorten(response.body) });
  return { responses: responses.map(short), rest: typeof rest === 'string' ? shorten(rest) : short(rest) };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
