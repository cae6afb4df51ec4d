import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Router, type RouteOptions } from '../../src/index.ts';

const register = (options: unknown): Router => new Router().post('/users/:id', options as RouteOptions, () => 'x');

describe('options of a route', () => {
  test('may be all of them', () => {
    const all = {
      params: z.object({}),
      query: z.object({}),
      headers: z.object({}),
      body: z.object({}),
      response: z.string(),
      use: [() => undefined],
      maxBodyBytes: 0,
      handlerTimeoutMs: 0,
      summary: 's',
      description: 'd',
      tags: ['t'],
    };
    expect(register(all)).toBeInstanceOf(Router);
    expect(register({ body: undefined })).toBeInstanceOf(Router);
  });

  test('take any Standard Schema, functions among them', () => {
    const schema = Object.assign(() => {}, {
      '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) },
    });
    expect(register({ body: schema })).toBeInstanceOf(Router);
  });

  test.each<[string, unknown]>([
    ['params', {}],
    ['query', (value: unknown) => value],
    ['headers', 'string'],
    ['body', { type: 'object' }],
    ['response', { '~standard': {} }],
    ['use', () => undefined],
    ['use.0', ['x']],
    ['maxBodyBytes', '1mb'],
    ['maxBodyBytes', -1],
    ['maxBodyBytes', Number.POSITIVE_INFINITY],
    ['handlerTimeoutMs', Number.NaN],
    ['handlerTimeoutMs', 0.5],
    ['summary', 1],
    ['tags', 'a'],
    ['tags.0', [1]],
  ])('are refused at the call when %s is wrong', (path, value) => {
    const [name = ''] = path.split('.');
    expect(() => register({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'ERR_PORTLIGHT_INVALID_OPTION',
        message: expect.stringContaining(`The option ${path} of the route POST /users/:id must be `) as string,
      }),
    );
  });

  test.each(['x', null, true, [], 1])('are an object, not %j', (options) => {
    expect(() => register(options)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining('POST /users/:id') as string }),
    );
  });

  test('are refused by name when they are unknown', () => {
    expect(() => register({ schema: {} })).toThrow('The route POST /users/:id has no option "schema".');
  });
});
