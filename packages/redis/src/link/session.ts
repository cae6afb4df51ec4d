import { createClient, RESP_TYPES } from '@redis/client';
import { inTime } from './in-time.ts';
import type { RedisTarget } from '../redis-options.ts';
import type { Script } from './script.ts';

const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

type Argument = string | Buffer;
type Client = ReturnType<typeof openClient>;

export interface SessionTerms {
  readonly target: RedisTarget;
  readonly name: string;
  /** What the second connection listens to. */
  readonly channel: string;
  readonly connectTimeoutMs: number;
  /** What Redis shall have before anything is asked. */
  readonly scripts: readonly Script[];
  readonly onMessage: (message: Buffer) => void;
  /** Called once, when it can no longer be used. */
  readonly onEnd: (error: Error) => void;
}

/**
 * Two connections to one Redis, one for commands and one that listens, from when both are there until one of them is
 * not. It never comes back: what was under way is known to have failed, and another session begins anew.
 */
export class Session {
  /** Of this life of the server. */
  readonly runId: string;
  readonly #commands: Client;
  readonly #listener: Client;
  readonly #terms: SessionTerms;
  /** Those that Redis was given. */
  readonly #loaded: Set<Script>;
  #failure: Error | undefined;
  /** Calls whose script Redis had lost, in their order. */
  #failed: (() => void)[] = [];
  /** Calls that come meanwhile; `undefined` while Redis has all scripts. */
  #held: (() => void)[] | undefined;
  /** Rejects what is under way when the session is over. */
  readonly #over: Set<(error: Error) => void> = new Set();

  private constructor(commands: Client, listener: Client, runId: string, terms: SessionTerms) {
    this.#commands = commands;
    this.#listener = listener;
    this.runId = runId;
    this.#terms = terms;
    this.#loaded = new Set(terms.scripts);
    for (const client of [commands, listener]) {
      client.on('error', (error: Error) => this.end(error));
      client.on('end', () => this.end(new Error('Redis has closed the connection.')));
    }
  }

  /** @throws what stands in the way: no connection, no permission, a replica */
  static async open(terms: SessionTerms): Promise<Session> {
    const clients = [openClient(terms), openClient(terms)] as const;
    const [commands, listener] = clients;
    try {
      const opened = Promise.all([greet(commands, terms), listen(listener, terms)]);
      const doubt = terms.target.tls === undefined ? '' : ' Does it speak TLS there?';
      const [runId] = await inTime(opened, terms.connectTimeoutMs, `Redis did not answer in time.${doubt}`);
      const session = new Session(commands, listener, runId, terms);
      if (!commands.isReady || !listener.isReady) throw new Error('Redis has closed the connection.');
      return session;
    } catch (error) {
      for (const client of clients) close(client);
      throw error;
    }
  }

  /** Whether it can be used. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Ends it, once. What has no answer yet rejects; it may have taken effect. */
  end(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const client of [this.#commands, this.#listener]) close(client);
    for (const fail of this.#over) fail(error);
    this.#over.clear();
    this.#terms.onEnd(error);
  }

  /** Resolves when the connection that listens has an answer: nothing else shows that it is dead. */
  hear(): Promise<unknown> {
    return this.#settle(this.#listener.ping());
  }

  send(args: readonly Argument[]): Promise<unknown> {
    return this.#settle(this.#inOrder(() => this.#commands.sendCommand<unknown>([...args])));
  }

  /** Runs a script by its name; where Redis has lost it, once it has it again. */
  run(script: Script, keys: readonly string[], args: readonly Argument[], asBytes: boolean): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    const options = asBytes ? AS_BYTES : {};
    const call = (): Promise<unknown> => {
      if (!this.#loaded.has(script)) this.#load(script);
      return this.#commands.sendCommand<unknown>(['EVALSHA', script.sha, ...rest], options).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error;
        return this.#again(call);
      });
    };
    return this.#settle(this.#inOrder(call));
  }

  #load(script: Script): void {
    this.#loaded.add(script);
    this.#commands.sendCommand(['SCRIPT', 'LOAD', script.text]).catch(() => {});
  }

  /** Sends now, or behind the calls that have to be sent again. */
  #inOrder(call: () => Promise<unknown>): Promise<unknown> {
    const held = this.#held;
    return held === undefined ? call() : later(held, call);
  }

  #again(call: () => Promise<unknown>): Promise<unknown> {
    if (this.#held === undefined) {
      this.#held = [];
      // When this is answered, all that was sent before is.
      this.#commands.ping().then(
        () => this.#mend(),
        (error: Error) => this.end(error),
      );
    }
    return later(this.#failed, call);
  }

  /** Brings the scripts, and sends again what had not found them, in the order in which it was asked. */
  #mend(): void {
    const calls = [...this.#failed, ...(this.#held ?? [])];
    this.#failed = [];
    this.#held = undefined;
    for (const script of this.#loaded) this.#load(script);
    for (const call of calls) call();
  }

  /** The answer, or the end of the session. */
  #settle(answer: Promise<unknown>): Promise<unknown> {
    if (this.#failure !== undefined) {
      answer.catch(() => {});
      return Promise.reject(this.#failure);
    }
    return new Promise((resolve, reject) => {
      this.#over.add(reject);
      answer.then(resolve, reject).finally(() => this.#over.delete(reject));
    });
  }
}

function openClient({ target, name, connectTimeoutMs }: SessionTerms) {
  const { host, port, path, tls, username, password, database } = target;
  const place =
    path === undefined ? { host, port, ...(tls === undefined ? {} : { tls: true as const, ...tls }) } : { path };
  const client = createClient({
    RESP: 2,
    name,
    disableClientInfo: true,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    socket: { ...place, connectTimeout: connectTimeoutMs, reconnectStrategy: false },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  });
  // Until the session is there, what fails is told by the calls.
  client.on('error', () => {});
  return client;
}

/** @returns the name of this life of the server */
async function greet(client: Client, { scripts }: SessionTerms): Promise<string> {
  await client.connect();
  const [role] = (await client.sendCommand(['ROLE'])) as unknown as readonly [string];
  if (role !== 'master') throw new Error('This Redis is a replica, which takes no writes.');
  await Promise.all(scripts.map(({ text }) => client.sendCommand(['SCRIPT', 'LOAD', text])));
  const info = (await client.sendCommand(['INFO', 'server'])) as unknown as string;
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
}

async function listen(client: Client, { channel, onMessage }: SessionTerms): Promise<void> {
  await client.connect();
  await client.subscribe(channel, onMessage, true);
}

function close(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It is closed already.
  }
}

/** Calls when those in front of it are. */
function later(calls: (() => void)[], call: () => Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    calls.push(() => void call().then(resolve, reject));
  });
}
