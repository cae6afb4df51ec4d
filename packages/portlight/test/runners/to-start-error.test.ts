import { PreforkError } from '@portlight/prefork';
import { describe, expect, test } from 'vitest';
import { toStartError } from '../../src/runners/to-start-error.ts';

const AT = { protocol: 'tcp', address: '127.0.0.1', port: 65_000 } as const;

describe('why a server with children could not start', () => {
  test('is what a child has failed with', async () => {
    const own = new TypeError('no database');
    expect(await toStartError(new PreforkError('It ended.', 'ERR_PREFORK_BOOT', own), AT)).toBe(own);
  });

  test('is that a child could not start, where it did not say why', async () => {
    const error = new PreforkError('It ended with code 3.', 'ERR_PREFORK_BOOT');
    expect(await toStartError(error, AT)).toMatchObject({
      name: 'WorkerError',
      code: 'ERR_PORTLIGHT_WORKER',
      message: 'It ended with code 3.',
      cause: error,
    });
  });

  test('is that the port is in use, where a child has found that', async () => {
    const own = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen' });
    expect(await toStartError(new PreforkError('It ended.', 'ERR_PREFORK_BOOT', own), AT)).toMatchObject({
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
      port: 65_000,
    });
  });

  test('is anything else as it is', async () => {
    const error = new Error('of a hook');
    expect(await toStartError(error, AT)).toBe(error);
  });
});
