import { describe, expect, test } from 'vitest';
import { newRequest } from '../support/new-request.ts';

const asking = (accept?: string) =>
  newRequest({ rawHeaders: accept === undefined ? ['Host', 'x'] : ['Host', 'x', 'Accept', accept] });

describe('request.accepts', () => {
  test.each<[string | undefined, readonly string[], string | undefined]>([
    [undefined, ['text/html', 'application/json'], 'text/html'],
    [undefined, [], undefined],
    ['*/*', ['application/json', 'text/html'], 'application/json'],
    ['text/html, application/json;q=0.9', ['application/json', 'text/html'], 'text/html'],
    ['text/*;q=0.5, application/json;q=0.4', ['application/json', 'text/plain'], 'text/plain'],
    ['application/json;q=0, */*', ['application/json', 'text/html'], 'text/html'],
    ['image/png', ['application/json', 'text/html'], undefined],
    ['text/html', ['json', 'html'], 'html'],
    ['application/json', ['html', 'json'], 'json'],
    ['TEXT/HTML', ['text/html'], 'text/html'],
    ['', ['text/html'], 'text/html'],
    ['nonsense', ['text/html'], undefined],
  ])('%j, of %j, is %j', (accept, types, best) => {
    expect(asking(accept).accepts(...types)).toBe(best);
  });

  test.each([['no-such-thing'], ['']])('refuses %j', (type) => {
    expect(() => asking('*/*').accepts(type)).toThrow(TypeError);
  });
});
