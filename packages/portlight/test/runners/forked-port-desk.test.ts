import { Link, type Worker } from '@portlight/prefork';
import { joinPorts } from '@portlight/prefork/testing';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SERVER_CONFIG, type ServerConfig } from '../../src/config/server-options.ts';
import type { LogHolder } from '../../src/log.ts';
import { MESSAGES } from '../../src/runners/child-protocol.ts';
import { ForkedPortDesk } from '../../src/runners/forked-port-desk.ts';
import type { HandedClient } from '../../src/runners/waiting-client.ts';
import { get, RawClient } from '../support/raw-client.ts';

/** A child as the desk sees it: what it was handed, and what it says. */
class FakeWorker {
  readonly key: string;
  readonly link: Link;
  readonly handed: HandedClient[] = [];
  /** Of the keep-alive that it was told, in order. */
  readonly told: number[] = [];
  /** Whether it takes what it is handed; `undefined`: it does not say. */
  takes: boolean | undefined = true;
  settle: (isTaken: boolean) => void = () => {};
  readonly #child: Link;

  constructor(key: string) {
    this.key = key;
    const [near, far] = joinPorts();
    this.link = new Link(near);
    this.#child = new Link(far).on(MESSAGES.keepAlive, (ms) => void this.told.push(ms as number));
  }

  readonly send = (_type: string, data: unknown, _socket: Socket): Promise<boolean> => {
    this.handed.push(data as HandedClient);
    return new Promise((resolve) => {
      this.settle = resolve;
      if (this.takes !== undefined) resolve(this.takes);
    });
  };

  /** The connection that it has has ended. */
  free(requests = 1): void {
    this.#child.tell(MESSAGES.free, [this.handed.at(-1)?.id, requests]);
  }

  die(): void {
    this.#child.close();
  }

  get texts(): readonly string[] {
    return this.handed.map(({ bytes }) => Buffer.from(bytes, 'base64').toString('latin1').split(' ', 2)[1] ?? '');
  }
}

/** A desk on a port, and the children that it was given. */
class Desk implements AsyncDisposable {
  readonly desk: ForkedPortDesk;
  readonly grown: FakeWorker[] = [];
  readonly shrunk: string[] = [];
  /** How many more there may be. */
  room = 0;
  #last = 0;

  private constructor(config: Partial<ServerConfig>) {
    this.desk = new ForkedPortDesk(
      { address: '127.0.0.1', port: 0, kind: 'tcp' } as never,
      { ...DEFAULT_SERVER_CONFIG, minSpare: 0, ...config },
      {} as LogHolder,
      { grow: () => this.#grow(), shrink: ({ key }) => this.shrunk.push(key) },
    );
  }

  static async open(config: Partial<ServerConfig> = {}): Promise<Desk> {
    const desk = new Desk(config);
    await desk.desk.open();
    return desk;
  }

  /** A child that can take connections. */
  add(): FakeWorker {
    const worker = this.#start();
    this.desk.ready(worker as unknown as Worker);
    return worker;
  }

  ready(worker: FakeWorker): void {
    this.desk.ready(worker as unknown as Worker);
  }

  leave(worker: FakeWorker): void {
    this.desk.leave(worker as unknown as Worker);
  }

  async client(path?: string): Promise<RawClient> {
    const client = await RawClient.open(this.desk.address?.port ?? 0);
    return path === undefined ? client : client.send(get(path, 'connection: close'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.desk.close();
    for (const worker of this.grown) worker.die();
  }

  #grow(): boolean {
    if (this.room === 0) return false;
    this.room -= 1;
    this.grown.push(this.#start());
    return true;
  }

  #start(): FakeWorker {
    const worker = new FakeWorker(String(++this.#last));
    this.desk.serve(worker as unknown as Worker);
    return worker;
  }
}

const until = (condition: () => boolean): Promise<void> => expect.poll(condition, { interval: 2 }).toBe(true);

describe('the desk of a port whose connections have a child each', () => {
  test('hands a client over with its first bytes, to one that has none', async () => {
    await using open = await Desk.open();
    const [first, second] = [open.add(), open.add()];
    await using one = await open.client('/one');
    await until(() => second.handed.length === 1);
    await using two = await open.client('/two');
    await until(() => first.handed.length === 1);
    expect([first.texts, second.texts]).toEqual([['/two'], ['/one']]);
    expect([one.isClosed, two.isClosed]).toEqual([false, false]);
    expect(open.desk.connections(first as unknown as Worker)).toBe(1);
  });

  test('has the others wait, in their order', async () => {
    await using open = await Desk.open();
    const worker = open.add();
    const clients: RawClient[] = [];
    for (const path of ['/a', '/b', '/c']) {
      clients.push(await open.client(path));
      await until(() => worker.handed.length === 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // All that were waited for are told to end.
    await until(() => worker.told.includes(0));
    for (const count of [2, 3]) {
      worker.free();
      await until(() => worker.handed.length === count);
    }
    expect(worker.texts).toEqual(['/a', '/b', '/c']);
    await until(() => worker.told.at(-1) === DEFAULT_SERVER_CONFIG.keepAliveTimeoutMs);
    for (const client of clients) client.socket.destroy();
  });

  test('gives a silent client to nobody, and tells it 408', async () => {
    await using open = await Desk.open({ headersTimeoutMs: 50 });
    const worker = open.add();
    await using silent = await open.client();
    expect(await silent.ended()).toMatch(/^HTTP\/1\.1 408 /);
    expect(worker.handed).toEqual([]);
  });

  test.each([
    ['for which there is no room', { maxQueued: 0 }],
    ['that waits too long', { queueTimeoutMs: 50 }],
  ])('answers 503 to one %s', async (_what, config) => {
    await using open = await Desk.open(config);
    await using client = await open.client('/');
    const { status, headers } = await client.response();
    expect([status, headers.get('retry-after'), headers.get('connection')]).toEqual([503, '1', 'close']);
    await client.ended();
  });

  test('gives one that is not taken to another child, and the one that came late gets the next', async () => {
    await using open = await Desk.open();
    const [other, late] = [open.add(), open.add()];
    late.takes = false;
    await using client = await open.client('/');
    await until(() => other.handed.length === 1);
    expect(late.handed).toHaveLength(1);
    late.takes = true;
    await using next = await open.client('/next');
    await until(() => late.handed.length === 2);
    expect([client.isClosed, next.isClosed]).toEqual([false, false]);
  });

  test.each([
    ['has taken its client', true],
    ['has not said so', undefined],
  ])('counts no connection of a child that dies when it %s', async (_when, takes) => {
    await using open = await Desk.open({ maxConnections: 1 });
    const worker = open.add();
    worker.takes = takes;
    await using client = await open.client('/');
    await until(() => worker.handed.length === 1);
    await using refused = await open.client('/refused');
    await refused.ended();
    expect(refused.received).toBe('');
    open.leave(worker);
    worker.die();
    worker.settle(false);
    // One that was not taken waits for another child, and is gone with its client.
    client.socket.destroy();
    const next = open.add();
    await until(() => takes === true || next.handed.length === 1);
    if (takes === undefined) next.free();
    for (;;) {
      await using again = await open.client('/again');
      await until(() => again.hasEnded || next.texts.includes('/again'));
      if (next.texts.includes('/again')) break;
    }
  });

  test('counts for each address', async () => {
    await using open = await Desk.open({ maxConnectionsPerIp: 1 });
    await using first = await open.client();
    await using second = await open.client();
    expect(await second.ended()).toBe('');
    expect(first.isClosed).toBe(false);
  });

  test('asks for as many children as there are clients waiting and spare ones missing', async () => {
    await using open = await Desk.open({ minSpare: 2 });
    open.room = 10;
    await using one = await open.client('/one');
    await until(() => open.grown.length === 3);
    open.ready(open.grown[0] as FakeWorker);
    await until(() => open.grown[0]?.handed.length === 1);
    expect(open.grown).toHaveLength(3);
    expect(one.isClosed).toBe(false);
  });

  test('ends the one that has waited longest, while there are too many', async () => {
    await using open = await Desk.open({ maxSpare: 1 });
    const [oldest] = [open.add(), open.add()];
    await until(() => open.shrunk.length > 0);
    expect(new Set(open.shrunk)).toEqual(new Set([oldest.key]));
  });

  test('ends one after as many requests as it may have', async () => {
    await using open = await Desk.open({ maxRequestsPerWorker: 1 });
    const worker = open.add();
    await using client = await open.client('/');
    await until(() => worker.handed.length === 1);
    worker.free();
    await until(() => open.shrunk.length === 1);
    await using next = await open.client('/next');
    open.add();
    expect(worker.handed).toHaveLength(1);
    expect([client.isClosed, next.isClosed]).toEqual([false, false]);
  });

  test('tells those that wait when it closes', async () => {
    const open = await Desk.open();
    await using waiting = await open.client('/');
    await using silent = await open.client();
    open.desk.close();
    await Promise.all([waiting.ended(), silent.ended()]);
    expect(silent.received).toBe('');
  });
});
