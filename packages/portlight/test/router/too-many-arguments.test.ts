import { expect, test } from 'vitest';
import { HttpServer, Router } from '../../src/index.ts';

const handler = (): string => 'x';

/** As from JavaScript, where the compiler says nothing. */
function call(method: 'get' | 'use', ...args: readonly unknown[]): unknown {
  const router = new Router();
  return Reflect.apply(router[method], router, args);
}

test('a second handler is refused rather than dropped', () => {
  expect(() => call('get', '/a', {}, handler, handler)).toThrow('GET /a takes one handler');
});

test('a second middleware is refused rather than dropped', () => {
  expect(() => call('use', '/a', handler, handler)).toThrow('use takes one middleware');
});

test.each<[string, readonly unknown[]]>([
  ['onResponse', [handler, handler]],
  ['group', ['/a', handler, handler]],
  ['mount', ['/a', new Router(), new Router()]],
  ['setHeader', ['a', 'b', 'c']],
  ['setHeaders', [{}, {}]],
  ['ping', ['/a', handler]],
  ['ready', ['/a', handler]],
  ['onStart', [handler, handler]],
  ['onShutdown', [handler, handler]],
  ['onPrimary', [handler, handler]],
  ['onWorkerStart', [handler, handler]],
  ['onWorkerStop', [handler, handler]],
  ['onPresence', ['a', handler, handler]],
  ['history', ['a', { size: 1 }, {}]],
  ['debug', [true, true]],
])('%s refuses arguments that it would drop', (method, args) => {
  const server = new HttpServer();
  expect(() => Reflect.apply(Reflect.get(server, method) as () => unknown, server, args) as unknown).toThrow(
    `${method} takes no more than`,
  );
});

test('a misspelt option of a router is refused', () => {
  expect(() => Reflect.construct(Router, [{ strictSlash: true }]) as unknown).toThrow(
    'A router has no option "strictSlash".',
  );
});
