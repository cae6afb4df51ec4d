import { describe, expect, test } from 'vitest';
import { MemoryStores } from '../../src/backplane/memory-stores.ts';
import { hostGuest } from '../../src/guests.ts';
import { HttpServer, Router } from '../../src/index.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { StandInGuest } from '../support/stand-in-guest.ts';

/** A server that shares what lies behind the backplane with others. */
function sharing(stores: MemoryStores, owner: string): HttpServer {
  return new HttpServer('127.0.0.1', 0).debug(new RecordingLogger()).backplane(stores.own(owner));
}

describe('what a package with a guest finds in a server', () => {
  test.each([undefined, null, 7, {}, new Router()])('is there of no other thing: %j', (server) => {
    expect(() => hostGuest(server as HttpServer)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining('A guest needs a server') }),
    );
  });

  test('is a path for its guest, once and before the start, with the options of a route', async () => {
    const server = new HttpServer('127.0.0.1', 0).debug(false);
    const host = hostGuest(server);
    host.admit('guests(server)', '/guest{/*rest}', { rateLimit: false }, new StandInGuest());
    expect(server.routes().map(({ kind, pattern }) => [kind, pattern])).toEqual([
      ['http', '/guest{/*rest}'],
      ['websocket', '/guest{/*rest}'],
    ]);
    expect(() => host.admit('guests(server)', '/guest', {}, new StandInGuest())).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
    );
    expect(() => host.admit('guests(server)', '/b', { rateLimit: 7 as never }, new StandInGuest())).toThrow(
      'guests(server)',
    );
    await server.start();
    expect(() => host.admit('guests(server)', '/c', {}, new StandInGuest())).toThrow(
      expect.objectContaining({
        code: 'ERR_PORTLIGHT_LATE_REGISTRATION',
        message: expect.stringContaining('guests(server)'),
      }),
    );
    await server.shutdown();
  });

  test('is the mode, and whether anybody else is there', () => {
    const server = new HttpServer('127.0.0.1', 0).debug(false);
    const { mode, isAlone } = hostGuest(server);
    expect([mode, isAlone]).toEqual(['concurrent', true]);
    expect(hostGuest(sharing(new MemoryStores(), 'one')).isAlone).toBe(false);
  });

  test('is a topic, by which the others hear what it says, and who is there', async () => {
    const stores = new MemoryStores();
    const [one, other] = [sharing(stores, 'one'), sharing(stores, 'other')];
    const heard: unknown[] = [];
    const [near, far] = [hostGuest(one).topic('t'), hostGuest(other).topic('t')];
    const listener = (name: string) => ({ receive: (payload: unknown) => void heard.push([name, payload]) });
    await near.join(listener('near'), 'one');
    await far.join(listener('far'), 'two');
    await hostGuest(other).topic('t').join(listener('nameless'));
    expect(await near.members()).toEqual(['one', 'two']);
    await near.publish('text');
    await far.publish(new Uint8Array([1, 2]));
    expect(heard).toEqual([
      ['far', 'text'],
      ['nameless', 'text'],
      ['near', new Uint8Array([1, 2])],
      ['nameless', new Uint8Array([1, 2])],
    ]);
    await far.leave();
    expect(await near.members()).toEqual(['one']);
    await Promise.all([one.shutdown(), other.shutdown()]);
  });

  test('is the log that the server has by then', () => {
    const server = new HttpServer('127.0.0.1', 0);
    const host = hostGuest(server);
    const log = new RecordingLogger();
    server.debug(log);
    host.log.warn({}, 'Something is odd.');
    expect(log.at('warn').map(({ message }) => message)).toEqual(['Something is odd.']);
  });
});
