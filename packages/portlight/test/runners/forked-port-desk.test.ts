import { Link, type Worker } from '@portlight/prefork';
import { joinPorts } from '@portlight/prefork/testing';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SERVER_CONFIG, type ServerConfig } from '../../src/config/server-options.ts';
import type { LogHolder } from '../../src/log.ts';
import { MESSAGES } from '../../src/runners/child-protocol.ts';
import { ForkedPortDesk } from '../../src/runners/forked-port-desk.ts';
import type { HandedClient } from '../../src/runners/handed-client.ts';
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
  /** Whether it is busy with something of its own, and so does not answer. */
  isBusy = false;
  asked = 0;
  readonly #child: Link;

  constructor(key: string) {
    this.key = key;
    const [near, far] = joinPorts();
    this.link = new Link(near);
    this.#child = new Link(far)
      .on(MESSAGES.keepAlive, (ms) => void this.told.push(ms as number))
      .on(MESSAGES.ask, () => {
        this.asked += 1;
        if (!this.isBusy) this.answer();
      });
  }

  readonly send = (_type: string, data: unknown, _socket: Socket): Promise<boolean> => {
    this.handed.push(data as HandedClient);
    return new Promise((resolve) => {
      this.settle = resolve;
      if (this.takes !== undefined) resolve(this.takes);
    });
  };

  answer(): void {
    this.#child.tell(MESSAGES.here);
  }

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
  /** How many come in the place of others that failed. */
  awaited = 0;
  #last = 0;

  private constructor(config: Partial<ServerConfig>) {
    const awaited = (): number => this.awaited;
    this.desk = new ForkedPortDesk(
      { address: '127.0.0.1', port: 0, kind: 'tcp' } as never,
      { ...DEFAULT_SERVER_CONFIG, minSpare: 0, ...config },
      {} as LogHolder,
      {
        get awaited() {
          return awaited();
        },
        grow: () => this.#grow(),
        shrink: ({ key }) => this.shrunk.push(key),
      },
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

  test('gives half a head to nobody, what will be none at once, and the whole of one that comes in pieces', async () => {
    await using open = await Desk.open({ headersTimeoutMs: 500 });
    const [other, worker] = [open.add(), open.add()];
    await using half = await open.client();
    half.send('GET /half HTTP/1.1\r\n');
    await using garbage = await open.client();
    garbage.send('\x16\x03\x01');
    await until(() => worker.handed.length === 1);
    await using pieces = await open.client();
    for (const byte of get('/pieces', 'connection: close')) {
      pieces.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => other.handed.length === 1);
    expect(Buffer.from(other.handed[0]?.bytes ?? '', 'base64').toString()).toBe(get('/pieces', 'connection: close'));
    expect((await half.response()).status).toBe(408);
    expect(garbage.isClosed).toBe(false);
  });

  test('refuses HEAD without a body', async () => {
    await using open = await Desk.open({ maxQueued: 0 });
    await using client = await open.client();
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 503 [^]*\r\n\r\n$/);
  });

  test('gives up none that a child may have taken, however long that child says nothing', async () => {
    await using open = await Desk.open({ queueTimeoutMs: 100 });
    const worker = open.add();
    await using first = await open.client('/first');
    await until(() => worker.handed.length === 1);
    await using handed = await open.client('/handed');
    await until(() => worker.told.includes(0));
    worker.takes = undefined;
    worker.free();
    await until(() => worker.handed.length === 2);
    // Its own time is over by then.
    await using later = await open.client('/later');
    expect((await later.response()).status).toBe(503);
    expect([handed.received, handed.isClosed, first.isClosed]).toEqual(['', false, false]);
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

  test('has one that is not taken wait before the others, and no longer than they', async () => {
    await using open = await Desk.open({ queueTimeoutMs: 500 });
    const gone = open.add();
    gone.takes = undefined;
    await using first = await open.client('/first');
    await until(() => gone.handed.length === 1);
    await using second = await open.client('/second');
    expect((await second.response()).status).toBe(503);
    open.room = 2;
    await using third = await open.client('/third');
    await until(() => open.grown.length === 1);
    open.leave(gone);
    gone.settle(false);
    expect((await first.response()).status).toBe(503);
    expect(third.received).toBe('');
    open.ready(open.grown[0] as FakeWorker);
    await until(() => open.grown[0]?.texts.includes('/third') === true);
  });

  test('gives one that is not taken to the next child, before those that came later', async () => {
    await using open = await Desk.open();
    const gone = open.add();
    gone.takes = undefined;
    await using first = await open.client('/first');
    await until(() => gone.handed.length === 1);
    open.room = 2;
    await using second = await open.client('/second');
    await until(() => open.grown.length === 1);
    open.leave(gone);
    gone.settle(false);
    await until(() => open.grown.length === 2);
    open.ready(open.grown[0] as FakeWorker);
    open.ready(open.grown[1] as FakeWorker);
    await until(() => open.grown[1]?.handed.length === 1);
    expect(open.grown.map(({ texts }) => texts)).toEqual([['/first'], ['/second']]);
    expect([first.isClosed, second.isClosed]).toEqual([false, false]);
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

  test('keeps nobody waiting for a child that has no client and is busy all the same', async () => {
    await using open = await Desk.open();
    const [other, busy] = [open.add(), open.add()];
    busy.isBusy = true;
    await using one = await open.client('/one');
    await until(() => other.handed.length === 1);
    await using two = await open.client('/two');
    await using three = await open.client('/three');
    other.free();
    await until(() => other.handed.length === 2);
    expect([busy.handed, busy.asked]).toEqual([[], 1]);
    // It is used again from when it answers.
    busy.answer();
    await until(() => busy.handed.length === 1);
    expect(new Set([...other.texts, ...busy.texts])).toEqual(new Set(['/one', '/two', '/three']));
    expect([one.isClosed, two.isClosed, three.isClosed]).toEqual([false, false, false]);
  });

  test('has another child for the client that one was asked for, where that ends before it answers', async () => {
    await using open = await Desk.open();
    const [other, busy] = [open.add(), open.add()];
    busy.isBusy = true;
    await using client = await open.client('/');
    await until(() => busy.asked === 1);
    open.leave(busy);
    busy.die();
    await until(() => other.handed.length === 1);
    expect([busy.handed, client.isClosed]).toEqual([[], false]);
  });

  test('asks for one more child while those that are spare do not answer', async () => {
    await using open = await Desk.open();
    const busy = open.add();
    busy.isBusy = true;
    open.room = 1;
    await using client = await open.client('/');
    await until(() => open.grown.length === 1);
    const [grown] = open.grown as [FakeWorker];
    open.ready(grown);
    await until(() => grown.handed.length === 1);
    expect(client.isClosed).toBe(false);
  });

  test('refuses nobody who is on the way to a child', async () => {
    await using open = await Desk.open({ queueTimeoutMs: 50 });
    const worker = open.add();
    worker.takes = undefined;
    await using client = await open.client('/');
    await until(() => worker.handed.length === 1);
    await using refused = await open.client('/refused');
    expect((await refused.response()).status).toBe(503);
    // The limit of the first one was over before that of the second one.
    expect(client.received).toBe('');
    worker.settle(true);
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

  test('starts no spare child beside those that come in the place of others that failed, but one for who waits', async () => {
    await using open = await Desk.open({ minSpare: 2 });
    open.room = 10;
    open.awaited = 2;
    const worker = open.add();
    await using one = await open.client('/one');
    await until(() => worker.handed.length === 1);
    expect(open.grown).toHaveLength(0);
    await using two = await open.client('/two');
    await until(() => open.grown.length === 1);
    open.awaited = 1;
    open.ready(open.grown[0] as FakeWorker);
    await until(() => open.grown.length === 2);
    expect([one.isClosed, two.isClosed]).toEqual([false, false]);
  });

  test('ends the one that has waited longest, while there are too many', async () => {
    await using open = await Desk.open({ maxSpare: 1 });
    const [oldest] = [open.add(), open.add()];
    await until(() => open.shrunk.length > 0);
    expect(new Set(open.shrunk)).toEqual(new Set([oldest.key]));
  });

  test.each([0, 1, 3])('ends one after as many requests as it may have, where %i came', async (requests) => {
    await using open = await Desk.open({ maxRequestsPerWorker: 1 });
    const worker = open.add();
    await using client = await open.client('/');
    await until(() => worker.handed.length === 1);
    worker.free(requests);
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
