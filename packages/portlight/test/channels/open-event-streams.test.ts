import { expect, test } from 'vitest';
import { DelayedBus } from '../hub/delayed-bus.ts';
import { type Deferred, deferred } from '../support/deferred.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { EventClient } from '../support/event-client.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

/** A bus elsewhere, which answers when it is told to. */
class DistantBus extends DelayedBus {
  readonly asked: Deferred<void> = deferred();

  override setInterest(...values: Parameters<DelayedBus['setInterest']>): ReturnType<DelayedBus['setInterest']> {
    this.asked.resolve();
    return super.setInterest(...values);
  }

  answer(): void {
    while (this.isBusy) for (const kind of ['call', 'message', 'answer'] as const) this.step(kind);
  }
}

test('a stream of events is open when its topics are joined: what is published from then on comes by it', async () => {
  const bus = new DistantBus();
  await using open = await openServer((app) =>
    app.backplane(backplaneWith({ bus })).events('/feed', (stream) => stream.join('news')),
  );
  await using client = await RawClient.open(open.port);
  client.send(get('/feed', 'accept: text/event-stream'));
  await bus.asked.promise;
  await open.server.fetch('/');
  expect(client.received).toBe('');
  bus.answer();
  await client.until(() => client.received.includes('retry: '), 'the first bytes');
  void open.server.publish('news', 'one');
  bus.answer();
  await client.until(() => client.received.includes('data: one'), 'the message');
});

test('a client that leaves before is no longer waited for', async () => {
  const bus = new DistantBus();
  const closed = deferred();
  await using open = await openServer((app) =>
    app.backplane(backplaneWith({ bus })).events('/feed', (stream) => {
      void stream.closed.then(() => closed.resolve());
      return stream.join('news');
    }),
  );
  const client = await RawClient.open(open.port);
  client.send(get('/feed', 'accept: text/event-stream'));
  await bus.asked.promise;
  await client[Symbol.asyncDispose]();
  await closed.promise;
  bus.answer();
  await open.server.shutdown();
  expect(open.log.at('error')).toEqual([]);
});

test('where a topic cannot be joined for now, the stream is open all the same', async () => {
  const bus = new DistantBus();
  await using open = await openServer((app) =>
    app.backplane(backplaneWith({ bus })).events('/feed', (stream) => {
      void Promise.resolve(stream.join('news')).catch(() => {});
      stream.send({ data: 'hello' });
    }),
  );
  await using client = await EventClient.open(open.port, '/feed');
  expect(await client.data(1)).toEqual(['hello']);
  bus.answer();
});
