import { expect, test } from 'vitest';
import { Router } from '../../src/index.ts';

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

test('a misspelt option of a router is refused', () => {
  expect(() => Reflect.construct(Router, [{ strictSlash: true }]) as unknown).toThrow('A router has no option "strictSlash".');
});
