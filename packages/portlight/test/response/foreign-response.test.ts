import { expect, test } from 'vitest';
import type { HttpResponse } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

/** As a second copy of the package in the process would make it: the same brand, another class. */
class ForeignResponse {
  status = 201;
  headers: Map<string, string> = new Map([['x-a', '1'], ['content-type', 'text/csv']]);
  body = 'a,b';

  static {
    Object.defineProperty(this.prototype, Symbol.for('portlight.HttpResponse'), { value: true });
  }
}

test('a response of another copy of the package is sent as it is', async () => {
  const { server } = portless((app) => app.get('/', () => new ForeignResponse()));
  const response = await server.fetch('/');
  expect(response.status).toBe(201);
  expect(response.headers.get('x-a')).toBe('1');
  expect(response.headers.get('content-type')).toBe('text/csv');
  expect(await response.text()).toBe('a,b');
});

test('it may come from an interceptor too', async () => {
  const { server } = portless((app) => app.get('/', () => 'x').onResponse(() => new ForeignResponse() as unknown as HttpResponse));
  expect(await (await server.fetch('/')).text()).toBe('a,b');
});

test('its headers are checked like any other', async () => {
  const { server } = portless((app) =>
    app.get('/', () => {
      const response = new ForeignResponse();
      response.headers.set('x-a', 'a\r\nb: c');
      return response;
    }),
  );
  expect((await server.fetch('/')).status).toBe(500);
});
