import { get, request } from '../../../packages/portlight/test/support/raw-client.ts';
import type { Script } from '../play.ts';
import { table } from './table.ts';

const METHODS = [
  'GET',
  'HEAD',
  'OPTIONS',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'SEARCH',
  'PURGE',
  'M-SEARCH',
  'LINK',
  'get',
  'Get',
  'FOO',
  'GETT',
  'G',
  'CONNECT',
  '',
] as const;
const PATHS = ['/', '/any', '/two-methods', '/find', '/own-head', '/own-options', '/none', '/any/'] as const;

/** Every method on every kind of route. */
export const METHOD_CASES: Readonly<Record<string, Script>> = {
  ...table(
    METHODS.flatMap((method) => PATHS.map((path) => [method, path] as const)),
    ([method, path]) => [`${method} ${path}`, { sends: request(method, path), heads: method === 'HEAD' ? [0] : [] }],
  ),
  ...table(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD', 'OPTIONS'], (method) => [
    `${method} with a body`,
    { sends: request(method, '/any', [], 'body'), heads: method === 'HEAD' ? [0] : [] },
  ]),
  'OPTIONS *': { sends: request('OPTIONS', '*') },
  'GET *': { sends: get('*') },
};
